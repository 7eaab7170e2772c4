-- A stay of an idea in a stage, until it went on. A step dated before the submission counts as of that day; of two on
-- one day the further comes later; the same stage written again is no new stay.
-- Grain: idea, stage, day entered
with steps as (
    select idea, 'submitted' as stage, submitted_on as entered_on from ideas
    union
    select ideas.idea, idea_stages.stage, greatest(idea_stages.entered_on, ideas.submitted_on)
    from idea_stages
    join ideas on ideas.idea = idea_stages.idea
),

placed as (
    select idea, stage, entered_on,
        list_position(['submitted', 'screened', 'experiment', 'pilot', 'implemented', 'closed'], stage) as place
    from steps
),

followed as (
    select idea, stage, entered_on, place,
        lag(stage) over (partition by idea order by entered_on, place) as came_from
    from placed
)

select
    followed.idea,
    ideas.region,
    ideas.channel,
    ideas.submitted_on,
    followed.came_from,
    followed.stage,
    followed.place,
    followed.entered_on,
    lead(followed.entered_on) over (partition by followed.idea order by followed.entered_on, followed.place) as left_on
from followed
join ideas on ideas.idea = followed.idea
where followed.came_from is distinct from followed.stage
