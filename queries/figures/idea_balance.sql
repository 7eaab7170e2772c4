-- A stage over the period: open at its start, entered, moved on, closed, open at its end; and apart from that sum, how
-- many passed it over, and how many of those entered were reopened or sent back.
-- Parameters: regions, channels, from, to
with stages (place, stage, skipped_after) as (
    values (1, 'submitted', []), (2, 'screened', ['submitted']), (3, 'experiment', []),
        (4, 'pilot', ['submitted', 'screened', 'experiment'])
),

chosen as (
    select $from <= month as is_within, from_stage, to_stage, ideas,
        list_position(['submitted', 'screened', 'experiment', 'pilot', 'implemented'], from_stage) as left_place,
        list_position(['submitted', 'screened', 'experiment', 'pilot', 'implemented'], to_stage) as reached_place
    from idea_moves
    where (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
        and month <= $to
)

select
    stages.stage,
    cast(sum(if(is_within, 0, case stage when to_stage then ideas when from_stage then -ideas else 0 end)) as bigint)
        as open_start,
    cast(sum(if(is_within and to_stage = stage, ideas, 0)) as bigint) as entered,
    cast(sum(if(is_within and from_stage = stage and to_stage <> 'closed', ideas, 0)) as bigint) as moved_on,
    cast(sum(if(is_within and from_stage = stage and to_stage = 'closed', ideas, 0)) as bigint) as closed,
    cast(sum(case stage when to_stage then ideas when from_stage then -ideas else 0 end) as bigint) as open_end,
    cast(sum(if(is_within and list_contains(skipped_after, from_stage) and reached_place > place, ideas, 0)) as bigint)
        as passed_over,
    cast(sum(if(is_within and to_stage = stage and from_stage in ('implemented', 'closed'), ideas, 0)) as bigint)
        as reopened,
    cast(sum(if(is_within and to_stage = stage and left_place > place and left_place < 5, ideas, 0)) as bigint)
        as sent_back
from stages
cross join chosen
group by stages.place, stages.stage
order by stages.place
