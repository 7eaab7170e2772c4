-- Spend by what it counts as (certified, other, excluded, second tier), in whole units of the currency.
-- Grain: month invoiced, region, channel, part
select
    cast(date_trunc('month', invoiced_on) as date) as month,
    region,
    'unknown' as channel,
    part,
    cast(floor(sum(amount) + 0.5) as bigint) as amount
from invoices
group by 1, 2, 3, 4
