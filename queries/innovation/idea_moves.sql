-- Moves of ideas: into the pipeline (from new), within it, out of it (to implemented or closed) and, if reopened, back.
-- Days are those since submission, added up.
-- Grain: month moved, region, channel, from stage, to stage
select
    cast(date_trunc('month', entered_on) as date) as month,
    region,
    channel,
    coalesce(came_from, 'new') as from_stage,
    stage as to_stage,
    count(*) as ideas,
    cast(sum(entered_on - submitted_on) as bigint) as days
from idea_visits
group by 1, 2, 3, 4, 5
