-- Required courses validly completed by the people to whom they were assigned and who are employed at the month's end.
-- Assigned, not enrolled; one person counts once per course.
-- Grain: month, region, channel
with assignments as (
    select employee, course, min(assigned_on) as assigned_on, min(completed_on) as completed_on
    from training
    where required
    group by employee, course
)

select
    headcount.month,
    headcount.region,
    headcount.channel,
    count(*) filter (where assignments.completed_on <= headcount.last_day) as numerator,
    count(*) as denominator
from headcount
join assignments
    on assignments.employee = headcount.employee
    and assignments.assigned_on <= headcount.last_day
where headcount.last_day <= $as_of
group by 1, 2, 3
