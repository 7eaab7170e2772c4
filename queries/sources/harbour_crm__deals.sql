-- One deal, open or closed.
-- Grain: export row
select
    line,
    "Deal ID" as deal,
    "Closed" as closed_on,
    "Outcome" as outcome,
    "Service a reason" as service_stated,
    "Region" as region,
    "Channel" as channel
from export
