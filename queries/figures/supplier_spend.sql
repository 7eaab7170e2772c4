-- Spend by quarter and what it counts as.
-- Parameters: regions, channels, from, to
select
    cast(date_trunc('quarter', month) as date) as quarter,
    cast(coalesce(sum(amount) filter (where part = 'certified'), 0) as bigint) as certified,
    cast(coalesce(sum(amount) filter (where part = 'other'), 0) as bigint) as other,
    cast(coalesce(sum(amount) filter (where part = 'excluded'), 0) as bigint) as excluded,
    cast(coalesce(sum(amount) filter (where part = 'second tier'), 0) as bigint) as second_tier
from spend
where (len($regions) = 0 or list_contains($regions, region))
    and (len($channels) = 0 or list_contains($channels, channel))
    and month between $from and $to
group by 1
order by 1
