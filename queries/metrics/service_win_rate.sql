-- Deals won, of those closed in which service was a stated reason.
-- Grain: month closed, region, channel
select
    cast(date_trunc('month', closed_on) as date) as month,
    region,
    channel,
    count(*) filter (where outcome = 'won') as numerator,
    count(*) as denominator
from deals
where service_stated
    and closed_on is not null
group by 1, 2, 3
