-- One decision, with the reason that it cites.
-- Grain: export row
select
    line,
    "Decision ID" as decision,
    "Decided" as decided_on,
    "Reason" as based_on,
    "Region" as region,
    "Channel" as channel
from export
