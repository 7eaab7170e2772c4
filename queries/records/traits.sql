-- What an employee stated of themselves, one attribute a row, at the end of each quarter; where no list reaches the end
-- of a quarter, in the last known month.
-- Grain: month, employee, attribute
with quarters as (
    select distinct month from headcount where extract(month from month) % 3 = 0
    union
    select max(month) from headcount having count(*) filter (where extract(month from month) % 3 = 0) = 0
)

select month, region, channel, coalesce(level, 'not stated') as level, attribute, category
from (
    select
        headcount.month,
        headcount.region,
        headcount.channel,
        headcount.level,
        coalesce(headcount.gender, 'not disclosed') as gender,
        coalesce(headcount.ethnicity, 'not disclosed') as ethnicity,
        coalesce(headcount.age_band, 'not disclosed') as age_band,
        coalesce(headcount.disability, 'not disclosed') as disability
    from headcount
    join quarters on quarters.month = headcount.month
)
unpivot (category for attribute in (gender, ethnicity, age_band, disability))
