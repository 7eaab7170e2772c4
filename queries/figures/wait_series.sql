-- Percentiles of waiting times by month: all chosen places together, each region, each channel, each of both.
-- Parameters: metrics, quantiles, regions, channels, from, to
with spans as (
    select
        metric, month, if(by_region, region, null) as region, if(by_channel, channel, null) as channel, span,
        sum(base) as base, sum(before) as before,
        [
            sum(upto_0), sum(upto_1), sum(upto_2), sum(upto_3), sum(upto_4), sum(upto_5), sum(upto_6), sum(upto_7),
            sum(upto_8), sum(upto_9), sum(upto_10), sum(upto_11), sum(upto_12), sum(upto_13), sum(upto_14), sum(upto_15)
        ] as uptos
    from wait_spans
    cross join (values (true, true), (true, false), (false, true), (false, false)) as told (by_region, by_channel)
    where list_contains($metrics, metric)
        and (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
        and month between $from and $to
    group by 1, 2, 3, 4, 5
),

found as (
    select
        metric, quantile, month, region, channel, base,
        bucket_at(floor(quantile * (base - 1)), span, before, uptos) as below,
        bucket_at(ceil(quantile * (base - 1)), span, before, uptos) as above,
        bucket_at(rank_below(base, quantile), span, before, uptos) as low,
        bucket_at(rank_above(base, quantile), span, before, uptos) as high
    from spans
    cross join (select unnest($quantiles) as quantile) as wanted
    where before <= last_rank(base, quantile) and before + uptos[16] > first_rank(base, quantile)
)

select
    metric, quantile, month, region, channel,
    cast(base as bigint) as base,
    wait_between(bucket_hours(max(below)), bucket_hours(max(above)), quantile * (base - 1)) as value,
    bucket_hours(max(low)) as low,
    bucket_hours(max(high)) as high
from found
group by metric, quantile, month, region, channel, base
order by metric, quantile, month, region nulls first, channel nulls first
