-- Ideas that employees submitted in the month, per employee at its end (shown per 100).
-- Grain: month, region, channel
with submitted as (
    select
        author as employee,
        cast(date_trunc('month', submitted_on) as date) as month,
        count(*) as ideas
    from ideas
    where submitted_by = 'employee'
    group by 1, 2
)

select
    headcount.month,
    headcount.region,
    headcount.channel,
    coalesce(sum(submitted.ideas), 0) as numerator,
    count(*) as denominator
from headcount
left join submitted
    on submitted.employee = headcount.employee
    and submitted.month = headcount.month
where headcount.last_day <= $as_of
group by 1, 2, 3
