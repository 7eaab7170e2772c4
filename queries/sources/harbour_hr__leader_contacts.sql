-- One contact of a leader with a customer; one row of none for a leader without any in the month.
-- Grain: export row
select
    line,
    "Leader ID" as leader,
    "Day" as day,
    "Contact" as kind,
    "Region" as region,
    "Serves" as channel
from export
