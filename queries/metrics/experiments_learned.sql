-- Experiments with a recorded learning, of those concluded. An idea run as an experiment is concluded when it left that
-- stage, onwards or closed; it counts once, when it first did.
-- Grain: month concluded, region, channel
with concluded as (
    select ideas.idea, ideas.region, ideas.channel, ideas.learning, min(idea_visits.left_on) as concluded_on
    from idea_visits
    join ideas on ideas.idea = idea_visits.idea
    where idea_visits.stage = 'experiment'
        and idea_visits.left_on is not null
    group by 1, 2, 3, 4
)

select
    cast(date_trunc('month', concluded_on) as date) as month,
    region,
    channel,
    count(learning) as numerator,
    count(*) as denominator
from concluded
group by 1, 2, 3
