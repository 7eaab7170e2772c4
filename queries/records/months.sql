-- The sixty months up to the one in which the exports end, for what stands over a time and does not happen on a day.
-- Grain: month
select
    cast(month as date) as month,
    cast(month + interval '1' month - interval '1' day as date) as last_day
from generate_series(
    date_trunc('month', cast($as_of as date)) - interval '59' month,
    date_trunc('month', cast($as_of as date)),
    interval '1' month
) as calendar (month)
