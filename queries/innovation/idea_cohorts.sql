-- Ideas by the month of their submission: the furthest gate each has reached (one that was skipped is passed), whether
-- it took an experiment on its way, and what it is now: open, implemented or closed.
-- Grain: month submitted, region, channel, gate, experiment, outcome
with ideas_so_far as (
    select
        idea,
        region,
        channel,
        cast(date_trunc('month', submitted_on) as date) as month,
        max(place) filter (where stage <> 'closed') as furthest,
        bool_or(stage = 'experiment') as has_experiment,
        max(stage) filter (where left_on is null) as standing
    from idea_visits
    group by 1, 2, 3, 4
)

select
    month,
    region,
    channel,
    case when furthest = 5 then 'implemented' when furthest = 4 then 'pilot' when furthest = 1 then 'submitted'
        else 'screened' end as gate,
    has_experiment,
    case when standing in ('implemented', 'closed') then standing else 'open' end as outcome,
    count(*) as ideas
from ideas_so_far
group by 1, 2, 3, 4, 5, 6
