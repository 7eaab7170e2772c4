-- Goals that are open or ended lately, as they were agreed.
-- Parameters: none
select goal, metric, baseline, target, set_on, due_on, met_on, owner, next_step, region, channel
from open_goals
order by goal
