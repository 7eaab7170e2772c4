-- Employees who had an idea implemented in the year to a quarter's end and were recognised for it within 30 days.
-- Of those whose 30 days ended in that year; an employee counts once, as recognised where every idea of theirs was.
-- Grain: month, region, channel
with implemented as (
    select ideas.idea, ideas.author, cast(min(idea_stages.entered_on) + interval '30' day as date) as due_on
    from idea_stages
    join ideas on ideas.idea = idea_stages.idea
    where idea_stages.stage = 'implemented'
        and ideas.submitted_by = 'employee'
    group by 1, 2
),

thanked as (
    select idea, min(given_on) as given_on
    from recognitions
    where idea is not null
    group by idea
),

employees as (
    select
        headcount.month,
        headcount.region,
        headcount.channel,
        headcount.employee,
        min(case when thanked.given_on <= implemented.due_on then 1 else 0 end) as recognised
    from headcount
    join implemented
        on implemented.author = headcount.employee
        and implemented.due_on <= headcount.last_day
        and implemented.due_on > headcount.last_day - interval '1' year
    left join thanked on thanked.idea = implemented.idea
    where headcount.last_day <= $as_of
        and extract(month from headcount.month) in (3, 6, 9, 12)
    group by 1, 2, 3, 4
)

select month, region, channel, sum(recognised) as numerator, count(*) as denominator from employees group by 1, 2, 3
