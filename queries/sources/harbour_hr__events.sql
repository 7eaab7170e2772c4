-- One employee who took part in one event.
-- Grain: export row
select
    line,
    "Employee ID" as employee,
    "Event" as event,
    "Held on" as held_on,
    "Kind of event" as kind,
    "Region" as region
from export
