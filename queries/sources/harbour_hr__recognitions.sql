-- One recognition of an employee, given for an idea.
-- Grain: export row
select
    line,
    "Recognition ID" as recognition,
    "Employee ID" as employee,
    "Given on" as given_on,
    "For idea" as idea,
    "Region" as region
from export
