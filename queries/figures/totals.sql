-- Shares, scores and amounts over the period: all chosen places, each region, each channel; what stands as in its last
-- month.
-- Parameters: metrics, standing, regions, channels, from, to
with within as (
    select metric, month, region, channel, numerator, denominator, squares,
        max(month) over (partition by metric) as last_month
    from metric_months
    where list_contains($metrics, metric)
        and month between $from and $to
)

select
    metric,
    region,
    channel,
    sum(numerator) as numerator,
    cast(sum(denominator) as bigint) as base,
    share(sum(numerator), sum(denominator)) as value,
    margin_of_mean(sum(numerator), sum(squares), sum(denominator)) as margin
from within
where (month = last_month or not list_contains($standing, metric))
    and (len($regions) = 0 or list_contains($regions, region))
    and (len($channels) = 0 or list_contains($channels, channel))
group by metric, grouping sets ((), (region), (channel))
order by metric, region nulls first, channel nulls first
