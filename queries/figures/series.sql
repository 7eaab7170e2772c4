-- Shares, scores and amounts by month: all chosen places together, each region, each channel, each region and channel.
-- Parameters: metrics, regions, channels, from, to
select
    metric,
    month,
    region,
    channel,
    sum(numerator) as numerator,
    cast(sum(denominator) as bigint) as base,
    share(sum(numerator), sum(denominator)) as value,
    margin_of_mean(sum(numerator), sum(squares), sum(denominator)) as margin
from metric_months
where list_contains($metrics, metric)
    and (len($regions) = 0 or list_contains($regions, region))
    and (len($channels) = 0 or list_contains($channels, channel))
    and month between $from and $to
group by metric, month, cube (region, channel)
order by metric, month, region nulls first, channel nulls first
