-- Decisions that cite feedback of customers as their reason. A month in which others were taken counts from then on,
-- even with none of these.
-- Grain: month decided, region, channel
select
    cast(date_trunc('month', decided_on) as date) as month,
    region,
    channel,
    count(*) filter (where based_on = 'feedback') as numerator,
    count(*) filter (where based_on = 'feedback') as denominator
from decisions
group by 1, 2, 3
