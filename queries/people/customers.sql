-- Customers at the end of a year by what they say of themselves and what they answered in it, before the counts are
-- protected; nothing of it where customers are not counted so.
-- Grain: month, region, channel, level, attribute, category
select
    month,
    'unknown' as region,
    'unknown' as channel,
    level,
    'described_as' as attribute,
    category,
    count(*) as people
from customer_states
group by month, level, category
