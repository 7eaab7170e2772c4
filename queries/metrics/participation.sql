-- Employees who submitted an idea in the year to a quarter's end, per employee (shown per 100); each counts once.
-- Quarters whose year begins before the first idea are left out.
-- Grain: month, region, channel
with known as (
    select min(submitted_on) as since from ideas
)

select
    headcount.month,
    headcount.region,
    headcount.channel,
    count(distinct ideas.author) as numerator,
    count(distinct ideas.author) as people,
    count(distinct headcount.employee) as denominator
from headcount
join known on known.since <= headcount.last_day - interval '1' year
left join ideas
    on ideas.author = headcount.employee
    and ideas.submitted_by = 'employee'
    and ideas.submitted_on <= headcount.last_day
    and ideas.submitted_on > headcount.last_day - interval '1' year
where headcount.last_day <= $as_of
    and extract(month from headcount.month) in (3, 6, 9, 12)
group by 1, 2, 3
