-- Days that open ideas have stood in each stage and on the whole way, beside all stays that ended: median and 85th
-- percentile. A period would leave the fewest ended stays just where ideas are stuck, so there is none.
-- Parameters: regions, channels
with tallies as (
    select 'open' as kind, stage, days, sum(ideas) as tally
    from idea_ages
    where (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
    group by stage, days
    union all
    select 'ended', stage, days, sum(stays)
    from idea_stays
    where (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
    group by stage, days
),

ranked as (
    select
        *,
        sum(tally) over (partition by kind, stage order by days) as upto,
        sum(tally) over (partition by kind, stage) as base
    from tallies
)

select
    kind,
    stage,
    cast(max(base) as bigint) as base,
    wait_between(min(days) filter (where upto > floor(0.5 * (base - 1))),
        min(days) filter (where upto > ceil(0.5 * (base - 1))), 0.5 * (max(base) - 1)) as median,
    wait_between(min(days) filter (where upto > floor(0.85 * (base - 1))),
        min(days) filter (where upto > ceil(0.85 * (base - 1))), 0.85 * (max(base) - 1)) as p85
from ranked
group by kind, stage
order by kind, stage
