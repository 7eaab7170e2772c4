-- Stays that ended, by their whole days (731: more than 730): in each stage, and the whole way from submission to the
-- first implementation.
-- Grain: month ended, region, channel, stage, days
with ended as (
    select region, channel, stage, entered_on as began_on, left_on as ended_on
    from idea_visits
    where left_on is not null
        and stage not in ('implemented', 'closed')
    union all
    select region, channel, 'whole way', submitted_on, min(entered_on)
    from idea_visits
    where stage = 'implemented'
    group by idea, region, channel, submitted_on
)

select
    cast(date_trunc('month', ended_on) as date) as month,
    region,
    channel,
    stage,
    least(ended_on - began_on, 731) as days,
    count(*) as stays
from ended
group by 1, 2, 3, 4, 5
