-- Events by month, 0 where a covered month or a place has none: all chosen places together, each region, each channel,
-- each of both. The places are those that its records name; covered are the months from the first that they name.
-- Parameters: metric, regions, channels, from, to
with events as (
    select month, region, channel, numerator
    from metric_months
    where metric = $metric
),

covered as (
    select cast(month as date) as month
    from (select min(month) as since from events) as first_month
    cross join (select as_of from metrics where metric = $metric) as reach
    cross join generate_series(since, date_trunc('month', as_of), interval '1' month) as calendar (month)
),

places as (
    select regions.region, channels.channel
    from (select distinct region from events) as regions
    cross join (select distinct channel from events) as channels
    where (len($regions) = 0 or list_contains($regions, regions.region))
        and (len($channels) = 0 or list_contains($channels, channels.channel))
)

select
    covered.month,
    places.region,
    places.channel,
    coalesce(sum(events.numerator), 0) as numerator,
    cast(coalesce(sum(events.numerator), 0) as bigint) as base,
    coalesce(sum(events.numerator), 0) as value,
    cast(null as double) as margin
from covered
cross join places
left join events on events.month = covered.month and events.region = places.region and events.channel = places.channel
where covered.month between $from and $to
group by grouping sets ((1), (1, 2), (1, 3), (1, 2, 3))
order by 1, 2 nulls first, 3 nulls first
