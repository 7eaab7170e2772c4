-- Satisfied customers of each channel over the period, of those who answered.
-- Parameters: regions, channels, from, to
select channel, sum(numerator) as numerator, cast(sum(denominator) as bigint) as base
from metric_months
where metric = 'csat'
    and channel <> 'unknown'
    and (len($regions) = 0 or list_contains($regions, region))
    and (len($channels) = 0 or list_contains($channels, channel))
    and month between $from and $to
group by channel
order by channel
