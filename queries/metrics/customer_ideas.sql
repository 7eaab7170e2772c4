-- Ideas from customers, of all ideas submitted.
-- Grain: month submitted, region, channel
select
    cast(date_trunc('month', submitted_on) as date) as month,
    region,
    channel,
    count(*) filter (where submitted_by = 'customer') as numerator,
    count(*) as denominator
from ideas
group by 1, 2, 3
