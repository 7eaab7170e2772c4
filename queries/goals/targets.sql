-- The aim of each metric: of the goals for the whole organisation, the next to fall due, else the last that did.
-- Grain: metric
with aims as (
    select
        metric,
        target,
        goal,
        set_on,
        due_on,
        owner,
        next_step,
        row_number() over (
            partition by metric
            order by
                case when due_on >= $as_of then due_on end nulls last, due_on desc nulls last, set_on desc, goal
        ) as place
    from goals
    where metric is not null
        and target is not null
        and region = 'every'
        and channel = 'every'
)

select metric, target, goal, set_on, due_on, owner, next_step
from aims
where place = 1
