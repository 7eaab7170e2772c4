-- A percentile of waiting times by month: all chosen places together, each region, each channel, each of both.
-- Parameters: metric, quantile, regions, channels, from, to
with tallies as (
    select month, region, channel, bucket, sum(tally) as tally
    from metric_buckets
    where metric = $metric
        and (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
        and month between $from and $to
    group by grouping sets (
        (bucket, month), (bucket, month, region), (bucket, month, channel), (bucket, month, region, channel)
    )
),

ranked as (
    select
        *,
        sum(tally) over (partition by month, region, channel order by bucket) as upto,
        sum(tally) over (partition by month, region, channel) as base
    from tallies
)

select
    month,
    region,
    channel,
    cast(max(base) as bigint) as base,
    wait_between(
        min(bucket_hours(bucket)) filter (where upto > floor($quantile * (base - 1))),
        min(bucket_hours(bucket)) filter (where upto > ceil($quantile * (base - 1))),
        $quantile * (max(base) - 1)
    ) as value,
    min(bucket_hours(bucket)) filter (where upto > rank_below(base, $quantile)) as low,
    min(bucket_hours(bucket)) filter (where upto > rank_above(base, $quantile)) as high
from ranked
group by month, region, channel
order by month, region nulls first, channel nulls first
