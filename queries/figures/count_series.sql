-- Events by month, 0 where a covered month or a place has none: all chosen places together, each region, each channel,
-- each of both. The places are those that its records name; covered are the months from the first that they name.
-- Parameters: metrics, regions, channels, from, to
with events as (
    select metric, month, region, channel, numerator from metric_months where list_contains($metrics, metric)
),

covered as (
    select first_months.metric, cast(calendar.month as date) as month
    from (select metric, min(month) as since from events group by metric) as first_months
    join metrics on metrics.metric = first_months.metric
    cross join generate_series(since, date_trunc('month', as_of), interval '1' month) as calendar (month)
),

places as (
    select regions.metric, regions.region, channels.channel
    from (select distinct metric, region from events) as regions
    join (select distinct metric, channel from events) as channels on channels.metric = regions.metric
    where (len($regions) = 0 or list_contains($regions, regions.region))
        and (len($channels) = 0 or list_contains($channels, channels.channel))
)

select
    covered.metric,
    covered.month,
    places.region,
    places.channel,
    coalesce(sum(events.numerator), 0) as numerator,
    cast(coalesce(sum(events.numerator), 0) as bigint) as base,
    coalesce(sum(events.numerator), 0) as value,
    cast(null as double) as margin
from covered
join places on places.metric = covered.metric
left join events on events.metric = covered.metric and events.month = covered.month
    and events.region = places.region and events.channel = places.channel
where covered.month between $from and $to
group by 1, 2, cube (3, 4)
order by 1, 2, 3 nulls first, 4 nulls first
