-- Rows that broke their contract, by file, column and reason; never with their values.
-- Parameters: none
select path, col as "column", reason, rows, nearest
from rejects
order by rows desc nulls last, path, col, reason
