-- An employee at the end of a month, as the first state on or after it has it: states list who left since the last. Who
-- was there before the first (a single one stands for the month's end before it) and after the last nobody knows.
-- Grain: month, employee
with states as (
    select distinct as_of from workforce
),

known as (
    select case when count(*) = 1 then date_trunc('month', min(as_of)) - interval '1' day else min(as_of) end as since
    from states
),

nearest as (
    select months.month, months.last_day, min(states.as_of) as as_of
    from months
    join states on states.as_of >= months.last_day
    where months.last_day >= (select since from known)
    group by months.month, months.last_day
)

select
    nearest.month,
    nearest.last_day,
    workforce.employee,
    workforce.region,
    workforce.channel,
    workforce.level,
    workforce.gender,
    workforce.ethnicity,
    workforce.age_band,
    workforce.disability
from nearest
join workforce on workforce.as_of = nearest.as_of
where workforce.hired_on <= nearest.last_day
    and (workforce.left_on is null or workforce.left_on > nearest.last_day)
