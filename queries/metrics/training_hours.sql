-- Hours of training completed in the month, per employee at its end (GRI 404-1, by month), and who completed any.
-- Grain: month, region, channel
with completed as (
    select
        employee,
        cast(date_trunc('month', completed_on) as date) as month,
        sum(hours) as hours
    from training
    where completed_on is not null
    group by 1, 2
)

select
    headcount.month,
    headcount.region,
    headcount.channel,
    coalesce(sum(completed.hours), 0) as numerator,
    count(completed.employee) as people,
    count(*) as denominator
from headcount
left join completed
    on completed.employee = headcount.employee
    and completed.month = headcount.month
where headcount.last_day <= $as_of
group by 1, 2, 3
