-- Goals that are open at the end of the exports, and those that fell due or were met in the three months before.
-- Grain: goal
select
    goal,
    metric,
    baseline,
    target,
    set_on,
    due_on,
    met_on,
    owner,
    next_step,
    region,
    channel
from goals
where set_on <= $as_of
    and coalesce(due_on, $as_of) >= $as_of - interval 3 month
    and coalesce(met_on, $as_of) >= $as_of - interval 3 month
