-- Tickets whose agreed time was met, of those met or breached; an open ticket already breached counts.
-- Grain: month opened, region, channel
select
    cast(date_trunc('month', opened_at) as date) as month,
    region,
    channel,
    count(*) filter (where sla = 'met') as numerator,
    count(*) as denominator
from tickets
where sla in ('met', 'breached')
group by 1, 2, 3
