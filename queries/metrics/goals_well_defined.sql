-- Goals with owner, metric, baseline, target and due date, of those open in the month.
-- Grain: month, region, channel
select
    months.month,
    goals.region,
    goals.channel,
    count(*) filter (
        where goals.owner is not null
            and goals.metric is not null
            and goals.baseline is not null
            and goals.target is not null
            and goals.due_on is not null
    ) as numerator,
    count(*) as denominator
from months
join goals
    on goals.set_on <= months.last_day
    and (goals.due_on is null or goals.due_on >= months.month)
    and (goals.met_on is null or goals.met_on >= months.month)
group by 1, 2, 3
