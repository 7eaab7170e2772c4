-- The cost of one cost centre in one month; without a channel it serves the whole region.
-- Grain: export row
select
    line,
    "Month" as month,
    "Cost centre" as account,
    "Region" as region,
    "Channel" as channel,
    "Amount" as amount
from export
