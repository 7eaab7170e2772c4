-- Percentiles of waiting times over the whole period: all chosen places together, each region, each channel.
-- Parameters: metrics, quantiles, regions, channels, from, to
with tallies as (
    select metric, region, channel, bucket, sum(tally) as tally
    from metric_buckets
    where list_contains($metrics, metric)
        and (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
        and month between $from and $to
    group by metric, bucket, grouping sets ((), (region), (channel))
),

ranked as (
    select
        *,
        sum(tally) over (partition by metric, region, channel order by bucket) as upto,
        sum(tally) over (partition by metric, region, channel) as base
    from tallies
)

select
    metric,
    quantile,
    region,
    channel,
    cast(max(base) as bigint) as base,
    wait_between(
        bucket_hours(min(bucket) filter (where upto > floor(quantile * (base - 1)))),
        bucket_hours(min(bucket) filter (where upto > ceil(quantile * (base - 1)))),
        quantile * (max(base) - 1)
    ) as value,
    bucket_hours(min(bucket) filter (where upto > rank_below(base, quantile))) as low,
    bucket_hours(min(bucket) filter (where upto > rank_above(base, quantile))) as high
from ranked
cross join (select unnest($quantiles) as quantile) as wanted
group by metric, quantile, region, channel
order by metric, quantile, region nulls first, channel nulls first
