-- Goals met by their due date, of those that fell due.
-- Grain: month due, region, channel
select
    cast(date_trunc('month', due_on) as date) as month,
    region,
    channel,
    count(*) filter (where met_on <= due_on) as numerator,
    count(*) as denominator
from goals
where due_on <= $as_of
group by 1, 2, 3
