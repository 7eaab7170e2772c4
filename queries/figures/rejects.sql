-- Rows that broke their contract, by file, column and reason; never with their values.
-- Parameters: none
select path, col as "column", reason, rows
from rejects
order by rows desc, path, col, reason
