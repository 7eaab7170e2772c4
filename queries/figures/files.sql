-- Each export that the snapshot was built from: who wrote it, what it covers, what became of its rows, and when the
-- next one is promised (of the newest of its kind; lists that are kept up to date promise none).
-- Parameters: none
select
    path, system, record, first_on, last_on,
    case
        when last_on = max(last_on) over (partition by system, record)
            then cast(last_on + to_days(refresh_days) as date)
    end as due_on,
    read, kept, rejected, repeated, blank, notes, left_out, nearest, fingerprint
from files
order by path
