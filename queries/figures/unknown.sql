-- Regions and channels that data/reference does not know, counted by file.
-- Parameters: none
select path, col as "column", words, rows
from unknown
order by rows desc, path, col
