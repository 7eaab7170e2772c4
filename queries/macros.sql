-- Stored in every snapshot, so that each query and each reader of the file shares one arithmetic.
create macro share(part, whole) as part / nullif(whole, 0);

-- Waiting times are counted in buckets that grow by 2 %: bucket n holds [1.02^n, 1.02^(n+1)) hours, and is read as the
-- harmonic mean of its ends, at most 1/101 from any value in it. Under a second is no wait: bucket -1000000, 0 hours.
create macro bucket_hours(bucket) as if(bucket = -1000000, 0.0, pow(1.02, bucket) * 2.04 / 2.02);

-- Half the width of the 95 % interval of a mean of scores from their sum and sum of squares.
create macro margin_of_mean(total, squares, base) as
    1.96 * sqrt(greatest(squares / nullif(base, 0) - pow(total / nullif(base, 0), 2), 0) / nullif(base, 0));

-- A percentile that falls between two order statistics, as the usual definition has it (R's type 7).
create macro wait_between(below, above, place) as below + (above - below) * (place - floor(place));

-- Order statistics (counted from 0) that enclose a percentile with 95 % confidence (normal approximation of ranks).
create macro rank_below(base, quantile) as
    greatest(floor(base * quantile - 1.96 * sqrt(base * quantile * (1 - quantile))) - 1, 0);
create macro rank_above(base, quantile) as
    greatest(least(ceil(base * quantile + 1.96 * sqrt(base * quantile * (1 - quantile))), base) - 1, 0);

-- The first and the last order statistic that a percentile needs: the two it falls between, the two that enclose it.
create macro first_rank(base, quantile) as least(floor(quantile * (base - 1)), rank_below(base, quantile));
create macro last_rank(base, quantile) as greatest(ceil(quantile * (base - 1)), rank_above(base, quantile));

-- The bucket of an order statistic, of the sixteen in a span: how many cases come before the span, and how many lie in
-- its first bucket, its first two … all of them. Null where it lies in another span.
create macro bucket_at(rank, span, before, uptos) as
    if(
        rank >= before and rank < before + uptos[16],
        span * 16 + list_position([before + upto > rank for upto in uptos], true) - 1,
        null
    );
