-- A share or score over the whole period: all chosen places together, each region, each channel.
-- Parameters: metric, regions, channels, from, to
select
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
group by grouping sets ((), (region), (channel))
having count(*) > 0
order by region nulls first, channel nulls first
