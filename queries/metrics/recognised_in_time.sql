-- Implemented ideas of employees whose author was recognised within 30 days, of those whose 30 days have passed.
-- Grain: month implemented, region, channel
with implemented as (
    select
        ideas.idea,
        ideas.region,
        ideas.channel,
        min(idea_stages.entered_on) as implemented_on
    from idea_stages
    join ideas on ideas.idea = idea_stages.idea
    where idea_stages.stage = 'implemented'
        and ideas.submitted_by = 'employee'
    group by 1, 2, 3
),

thanked as (
    select idea, min(given_on) as given_on
    from recognitions
    where idea is not null
    group by idea
)

select
    cast(date_trunc('month', implemented.implemented_on) as date) as month,
    implemented.region,
    implemented.channel,
    count(*) filter (where thanked.given_on <= implemented.implemented_on + interval '30' day) as numerator,
    count(*) as denominator
from implemented
left join thanked on thanked.idea = implemented.idea
where cast(implemented.implemented_on + interval '30' day as date) <= $as_of
group by 1, 2, 3
