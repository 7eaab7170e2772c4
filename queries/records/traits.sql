-- What an employee of the last known month stated of themselves, one attribute a row.
-- Grain: employee, attribute
select month, region, channel, coalesce(level, 'not stated') as level, attribute, category
from (
    select
        month,
        region,
        channel,
        level,
        coalesce(gender, 'not disclosed') as gender,
        coalesce(ethnicity, 'not disclosed') as ethnicity,
        coalesce(age_band, 'not disclosed') as age_band,
        coalesce(disability, 'not disclosed') as disability
    from headcount
    where month = (select max(month) from headcount)
)
unpivot (category for attribute in (gender, ethnicity, age_band, disability))
