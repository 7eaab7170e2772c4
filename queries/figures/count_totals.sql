-- Events of the period, which are summed: all chosen places together, each region, each channel; 0 where a place that
-- the records name has none. A period that lies outside the months that they cover has no row.
-- Parameters: metric, regions, channels, from, to
with events as (
    select month, region, channel, numerator, min(month) over () as since
    from metric_months
    where metric = $metric
),

places as (
    select regions.region, channels.channel
    from (select distinct region from events) as regions
    cross join (select distinct channel from events) as channels
    where (len($regions) = 0 or list_contains($regions, regions.region))
        and (len($channels) = 0 or list_contains($channels, channels.channel))
),

covered as (
    select max(since) as since, (select as_of from metrics where metric = $metric) as as_of
    from events
)

select
    places.region,
    places.channel,
    coalesce(sum(events.numerator), 0) as numerator,
    cast(coalesce(sum(events.numerator), 0) as bigint) as base,
    coalesce(sum(events.numerator), 0) as value,
    cast(null as double) as margin
from places
join covered on covered.since <= $to and covered.as_of >= $from and $from <= $to
left join events
    on events.region = places.region
    and events.channel = places.channel
    and events.month between $from and $to
group by grouping sets ((), (1), (2))
having count(*) > 0
order by 1 nulls first, 2 nulls first
