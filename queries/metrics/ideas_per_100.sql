-- Ideas that employees submitted in the month, per employee (shown per 100). Ideas stand where they came from; which
-- channel their authors serve they do not say.
-- Grain: month, region, channel
with submitted as (
    select cast(date_trunc('month', submitted_on) as date) as month, region, count(*) as ideas
    from ideas
    where submitted_by = 'employee'
    group by 1, 2
),

employed as (
    select month, region, count(*) as employees
    from headcount
    where last_day <= $as_of
    group by 1, 2
),

both_sides as (
    select month, region, ideas, 0 as employees from submitted
    union
    select month, region, 0, employees from employed
)

select
    month,
    region,
    'unknown' as channel,
    sum(ideas) as numerator,
    cast(sum(employees) as bigint) as denominator
from both_sides
where month in (select month from employed)
group by 1, 2
