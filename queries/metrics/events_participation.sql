-- Employees who took part in an event on diversity in the year to a quarter's end, of all then; each
-- counts once. Quarters whose year begins before the first event are left out.
-- Grain: month, region, channel
with known as (
    select min(held_on) as since from events
),

employees as (
    select distinct
        headcount.month,
        headcount.region,
        headcount.channel,
        headcount.employee,
        case when events.employee is null then 0 else 1 end as took_part
    from headcount
    join known on known.since <= headcount.last_day - interval '1' year
    left join events
        on events.employee = headcount.employee
        and events.kind = 'diversity'
        and events.held_on <= headcount.last_day
        and events.held_on > headcount.last_day - interval '1' year
    where headcount.last_day <= $as_of
        and extract(month from headcount.month) in (3, 6, 9, 12)
)

select month, region, channel, sum(took_part) as numerator, count(*) as denominator
from employees
group by 1, 2, 3
