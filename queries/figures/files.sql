-- Each export that the snapshot was built from: who wrote it, what it covers, what became of its rows.
-- Parameters: none
select path, system, record, first_on, last_on, read, kept, rejected, repeated, blank, nearest, fingerprint
from files
order by path
