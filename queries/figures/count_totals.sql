-- Events of the period, which are summed: all chosen places together, each region, each channel; 0 where a place that
-- the records name has none. A period that lies outside the months that they cover has no row.
-- Parameters: metrics, regions, channels, from, to
with events as (
    select metric, month, region, channel, numerator from metric_months where list_contains($metrics, metric)
),

places as (
    select regions.metric, regions.region, channels.channel
    from (select distinct metric, region from events) as regions
    join (select distinct metric, channel from events) as channels on channels.metric = regions.metric
    where (len($regions) = 0 or list_contains($regions, regions.region))
        and (len($channels) = 0 or list_contains($channels, channels.channel))
),

covered as (
    select events.metric, min(events.month) as since, max(metrics.as_of) as as_of
    from events
    join metrics on metrics.metric = events.metric
    group by events.metric
)

select
    places.metric,
    places.region,
    places.channel,
    coalesce(sum(events.numerator), 0) as numerator,
    cast(coalesce(sum(events.numerator), 0) as bigint) as base,
    coalesce(sum(events.numerator), 0) as value,
    cast(null as double) as margin
from places
join covered on covered.metric = places.metric and since <= $to and as_of >= $from and $from <= $to
left join events on events.metric = places.metric and events.month between $from and $to
    and events.region = places.region and events.channel = places.channel
group by 1, grouping sets ((), (2), (3))
order by 1, 2 nulls first, 3 nulls first
