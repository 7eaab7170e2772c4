-- Cases by waiting time, ready to be asked for percentiles: how many of a cell waited less than a span of 16 buckets,
-- and how many fell into its first bucket, its first two … all of them. Doubles add up fast, and are exact below 2^53.
-- Grain: metric, month, region, channel, span; a cell has every span of its metric, so that sums over cells are whole
with cells as (
    select metric, month, region, channel, sum(tally) as base
    from snapshot.metric_buckets
    group by metric, month, region, channel
),

spans as (
    select distinct metric, bucket >> 4 as span from snapshot.metric_buckets
),

filled as (
    select metric, month, region, channel, bucket >> 4 as span,
        sum(tally) filter (where bucket & 15 <= 0) as upto_0, sum(tally) filter (where bucket & 15 <= 1) as upto_1,
        sum(tally) filter (where bucket & 15 <= 2) as upto_2, sum(tally) filter (where bucket & 15 <= 3) as upto_3,
        sum(tally) filter (where bucket & 15 <= 4) as upto_4, sum(tally) filter (where bucket & 15 <= 5) as upto_5,
        sum(tally) filter (where bucket & 15 <= 6) as upto_6, sum(tally) filter (where bucket & 15 <= 7) as upto_7,
        sum(tally) filter (where bucket & 15 <= 8) as upto_8, sum(tally) filter (where bucket & 15 <= 9) as upto_9,
        sum(tally) filter (where bucket & 15 <= 10) as upto_10, sum(tally) filter (where bucket & 15 <= 11) as upto_11,
        sum(tally) filter (where bucket & 15 <= 12) as upto_12, sum(tally) filter (where bucket & 15 <= 13) as upto_13,
        sum(tally) filter (where bucket & 15 <= 14) as upto_14, sum(tally) filter (where bucket & 15 <= 15) as upto_15
    from snapshot.metric_buckets
    group by metric, month, region, channel, bucket >> 4
)

select
    metric, month, region, channel, span,
    cast(base as double) as base,
    cast(coalesce(sum(upto_15) over earlier, 0) as double) as before,
    cast(coalesce(columns('upto_\d+'), 0) as double) as '\0'
from cells
join spans using (metric)
left join filled using (metric, month, region, channel, span)
window earlier as (
    partition by metric, month, region, channel order by span rows between unbounded preceding and 1 preceding
)
order by metric, month, region, channel, span
