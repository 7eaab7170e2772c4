-- Applicants of a calendar year by what they state, hired within 90 days or at no level (a third count of each group
-- would give the other two away), once those of its last day have had these; who applies twice in it counts once.
-- Grain: month, region, channel, level, attribute, category
with applicants as (
    select
        date_trunc('year', applied_on) as year,
        coalesce(gender, 'not disclosed') as gender,
        coalesce(ethnicity, 'not disclosed') as ethnicity,
        coalesce(age_band, 'not disclosed') as age_band,
        coalesce(disability, 'not disclosed') as disability,
        bool_or(coalesce(hired_on <= applied_on + 90, false)) over applicant as is_hired
    from applications
    window applicant as (partition by date_trunc('year', applied_on), coalesce(applicant, application))
    qualify row_number() over (
        partition by date_trunc('year', applied_on), coalesce(applicant, application)
        order by applied_on desc, application desc
    ) = 1
)

select
    cast(year + interval '11' month as date) as month,
    'unknown' as region,
    'unknown' as channel,
    case when is_hired then 'hired' else 'unknown' end as level,
    attribute,
    category,
    count(*) as people
from applicants
unpivot (category for attribute in (gender, ethnicity, age_band, disability))
where year + interval '1' year + interval '89' day <= (select max(coalesce(hired_on, applied_on)) from applications)
group by all
