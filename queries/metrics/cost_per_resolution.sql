-- Cost of service, and the tickets resolved where it fell. An amount without a channel belongs to the region's channels
-- that have none of their own that month. Months and regions of which cost and tickets are both known.
-- Grain: month, region, channel
with resolved as (
    select cast(date_trunc('month', finished_at) as date) as month, region, channel, count(*) as tickets
    from tickets
    where finished_at is not null
    group by 1, 2, 3
),

spent as (
    select cast(date_trunc('month', month) as date) as month, region, channel, sum(amount) as cost
    from costs
    where region <> 'unknown'
        and channel <> 'unknown'
    group by 1, 2, 3
),

placed as (
    select resolved.month, resolved.region, coalesce(own.channel, shared.channel) as channel, resolved.tickets
    from resolved
    left join spent as own
        on own.month = resolved.month and own.region = resolved.region and own.channel = resolved.channel
    left join spent as shared
        on shared.month = resolved.month and shared.region = resolved.region and shared.channel = 'every'
)

select
    spent.month,
    spent.region,
    spent.channel,
    spent.cost as numerator,
    cast(coalesce(sum(placed.tickets), 0) as bigint) as denominator
from spent
join (select distinct month, region from resolved) as known on known.month = spent.month and known.region = spent.region
left join placed on placed.month = spent.month and placed.region = spent.region and placed.channel = spent.channel
where spent.month <= $as_of
group by 1, 2, 3, 4
