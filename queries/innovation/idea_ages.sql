-- Open ideas by their whole days in the stage, and since submission (731: more than 730), at the end of the month in
-- which their exports end, or at $as_of where that is earlier.
-- Grain: region, channel, stage, days
with reach as (
    select least($as_of, last_day(max(reached_on))) as last_day
    from (select submitted_on as reached_on from ideas union all select entered_on from idea_stages) as steps
),

standing as (
    select region, channel, stage, entered_on, submitted_on
    from idea_visits
    where left_on is null
        and stage not in ('implemented', 'closed')
),

counted_from as (
    select region, channel, stage, entered_on as began_on from standing
    union all
    select region, channel, 'whole way', submitted_on from standing
)

select
    counted_from.region,
    counted_from.channel,
    counted_from.stage,
    least(reach.last_day - counted_from.began_on, 731) as days,
    count(*) as ideas
from counted_from
cross join reach
group by 1, 2, 3, 4
