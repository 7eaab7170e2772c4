-- Regions and channels that data/reference does not know, counted by file.
-- Parameters: none
select path, col as "column", words, rows, nearest
from unknown
order by rows desc nulls last, path, col
