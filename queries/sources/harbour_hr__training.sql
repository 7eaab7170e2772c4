-- One course assigned to one employee.
-- Grain: export row
select
    line,
    "Employee ID" as employee,
    "Course" as course,
    "Topic" as topic,
    "Mandatory" as required,
    "Assigned" as assigned_on,
    "Completed" as completed_on,
    "Hours" as hours,
    "Region" as region
from export
