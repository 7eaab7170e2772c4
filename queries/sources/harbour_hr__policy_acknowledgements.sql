-- One employee asked to acknowledge one policy for dealing with customers.
-- Grain: export row
select
    line,
    "Employee ID" as employee,
    "Policy" as policy,
    "Asked on" as asked_on,
    "Acknowledged on" as acknowledged_on,
    "Region" as region
from export
