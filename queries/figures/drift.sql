-- What is odd about a file beside the one before it, or beside itself in the snapshot before; told in counts.
-- Parameters: none
select path, note
from drift
order by path, note
