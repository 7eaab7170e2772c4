-- Tickets that were reopened, of those resolved; a ticket closed without a time of resolution counts as resolved.
-- Grain: month resolved, region, channel
select
    cast(date_trunc('month', finished_at) as date) as month,
    region,
    channel,
    count(*) filter (where reopened > 0) as numerator,
    count(*) as denominator
from tickets
where finished_at is not null
    and reopened is not null
group by 1, 2, 3
