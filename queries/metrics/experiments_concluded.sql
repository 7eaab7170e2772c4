-- Experiments concluded, whatever came of them. An idea run as an experiment is concluded when it left that stage,
-- onwards or closed; it counts once, when it first did.
-- Grain: month concluded, region, channel
with concluded as (
    select idea, region, channel, min(left_on) as concluded_on
    from idea_visits
    where stage = 'experiment'
        and left_on is not null
    group by 1, 2, 3
)

select
    cast(date_trunc('month', concluded_on) as date) as month,
    region,
    channel,
    count(*) as numerator,
    count(*) as denominator
from concluded
group by 1, 2, 3
