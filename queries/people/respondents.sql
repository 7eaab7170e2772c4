-- Employees who answered the survey of a quarter that is over, by what they state of themselves in it, before the
-- counts are protected.
-- Grain: month, region, channel, attribute, category
with responses as (
    select
        response,
        cast(date_trunc('quarter', answered_on) + interval '2' month as date) as month,
        region,
        channel,
        coalesce(min(gender), 'not disclosed') as gender,
        coalesce(min(ethnicity), 'not disclosed') as ethnicity,
        coalesce(min(age_band), 'not disclosed') as age_band
    from employee_answers
    where date_trunc('quarter', answered_on) + interval '3' month - interval '1' day <= $as_of
    group by response, month, region, channel
)

select month, region, channel, attribute, category, count(*) as people
from responses
unpivot (category for attribute in (gender, ethnicity, age_band))
group by all
