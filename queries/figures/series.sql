-- A share or score by month: all chosen places together, each region, each channel, each region and channel.
-- Parameters: metric, regions, channels, from, to
select
    month,
    region,
    channel,
    sum(numerator) as numerator,
    cast(sum(denominator) as bigint) as base,
    share(sum(numerator), sum(denominator)) as value,
    margin_of_mean(sum(numerator), sum(squares), sum(denominator)) as margin
from metric_months
where metric = $metric
    and (len($regions) = 0 or list_contains($regions, region))
    and (len($channels) = 0 or list_contains($channels, channel))
    and month between $from and $to
group by grouping sets ((month), (month, region), (month, channel), (month, region, channel))
order by month, region nulls first, channel nulls first
