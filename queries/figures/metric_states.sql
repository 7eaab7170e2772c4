-- Each metric as it was computed: its SQL, how far its records reach, its target and the goal that names it.
-- Parameters: none
select metrics.metric, metrics.sql, metrics.as_of, metrics.rows, targets.target, targets.goal, targets.due_on,
    targets.owner, targets.next_step
from metrics
left join targets on targets.metric = metrics.metric
