-- Responses of a quarter by how safe it is to take a risk in the team: the mean of Edmondson's seven items (1999; 1, 3
-- and 5 reversed), at least four of them answered, from 0 to 1 in four bands; a response counts as the band's middle.
-- Grain: month, region, channel, middle
with responses as (
    select
        response,
        cast(date_trunc('quarter', min(answered_on)) + interval '2' month as date) as month,
        min(region) as region,
        min(channel) as channel,
        count(*) as items,
        sum(case when item in ('safety_1', 'safety_3', 'safety_5') then 7 - score else score - 1 end) as points
    from employee_answers
    where item in ('safety_1', 'safety_2', 'safety_3', 'safety_4', 'safety_5', 'safety_6', 'safety_7')
        and lowest = 1
        and highest = 7
    group by response
    having count(*) >= 4
        and cast(date_trunc('quarter', min(answered_on)) + interval '3' month - interval '1' day as date) <= $as_of
),

bands (middle, since, until) as (
    values (0.2, 0.0, 0.4), (0.5, 0.4, 0.6), (0.7, 0.6, 0.8), (0.9, 0.8, 1.1)
)

select
    responses.month,
    responses.region,
    responses.channel,
    bands.middle,
    count(*) filter (where points >= since * 6 * items and points < until * 6 * items) as people
from responses
cross join bands
group by 1, 2, 3, 4
