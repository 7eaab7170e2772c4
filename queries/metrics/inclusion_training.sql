-- Employees who have validly completed every required course on inclusion or diversity assigned to them, of those with
-- one, at a quarter's end. Assigned, not enrolled; an employee counts once, a course assigned twice is one course.
-- Grain: month, region, channel
with courses as (
    select employee, course, min(assigned_on) as assigned_on, min(completed_on) as completed_on
    from training
    where required
        and lower(topic) in ('inclusion', 'diversity', 'diversity and inclusion')
    group by employee, course
),

employees as (
    select
        headcount.month,
        headcount.region,
        headcount.channel,
        headcount.employee,
        min(case when courses.completed_on <= headcount.last_day then 1 else 0 end) as completed
    from headcount
    join courses
        on courses.employee = headcount.employee
        and courses.assigned_on <= headcount.last_day
    where headcount.last_day <= $as_of
        and extract(month from headcount.month) in (3, 6, 9, 12)
    group by 1, 2, 3, 4
)

select month, region, channel, sum(completed) as numerator, count(*) as denominator
from employees
group by 1, 2, 3
