-- One goal of the goals sheet.
-- Grain: export row
select
    line,
    "Goal" as goal,
    "Metric ID" as metric,
    "Baseline" as baseline,
    "Target" as target,
    "Set on" as set_on,
    "Due on" as due_on,
    "Met on" as met_on,
    "Owner role" as owner,
    "Next step" as next_step,
    "Region" as region,
    "Channel" as channel
from export
