-- One idea of an employee or a customer.
-- Grain: export row
select
    line,
    "Idea ID" as idea,
    "Submitted" as submitted_on,
    "Source" as submitted_by,
    "Author ID" as author,
    "Experiment" as experiment,
    "Learning" as learning,
    "Region" as region,
    "Channel" as channel
from export
