-- Ideas submitted in the period: how many reached each stage, and then went on, were closed there or are still open.
-- An experiment is no gate: only those that took one are counted in its row.
-- Parameters: regions, channels, from, to
with stages (place, stage, gate, is_optional) as (
    values (1, 'submitted', 1, false), (2, 'screened', 2, false), (3, 'experiment', 2, true),
        (4, 'pilot', 3, false), (5, 'implemented', 4, false)
),

chosen as (
    select *, list_position(['submitted', 'screened', 'pilot', 'implemented'], gate) as reached
    from idea_cohorts
    where (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
        and month between $from and $to
)

select
    stages.stage,
    stages.is_optional as optional,
    cast(coalesce(sum(chosen.ideas), 0) as bigint) as reached,
    cast(coalesce(sum(chosen.ideas) filter (where chosen.reached > stages.gate), 0) as bigint) as went_on,
    cast(coalesce(sum(chosen.ideas) filter (
        where chosen.reached = stages.gate and chosen.outcome = 'closed'
    ), 0) as bigint) as closed,
    cast(coalesce(sum(chosen.ideas) filter (
        where chosen.reached = stages.gate and chosen.outcome = 'open'
    ), 0) as bigint) as still_open
from stages
left join chosen
    on chosen.reached >= stages.gate
    and (chosen.has_experiment or not stages.is_optional)
group by stages.place, stages.stage, stages.is_optional
having (select count(*) from chosen) > 0
order by stages.place
