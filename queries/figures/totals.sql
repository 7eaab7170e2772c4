-- A share or score over the period: all chosen places, each region, each channel; what stands as in its last month.
-- Parameters: metric, standing, regions, channels, from, to
with within as (
    select month, region, channel, numerator, denominator, squares, max(month) over () as last_month
    from metric_months
    where metric = $metric
        and month between $from and $to
)

select
    region,
    channel,
    sum(numerator) as numerator,
    cast(sum(denominator) as bigint) as base,
    share(sum(numerator), sum(denominator)) as value,
    margin_of_mean(sum(numerator), sum(squares), sum(denominator)) as margin
from within
where (month = last_month or not $standing)
    and (len($regions) = 0 or list_contains($regions, region))
    and (len($channels) = 0 or list_contains($channels, channel))
group by grouping sets ((), (region), (channel))
having count(*) > 0
order by region nulls first, channel nulls first
