-- One idea kept as an issue of Jira, in the words of the contract.
-- Grain: export row
select
    line,
    "Issue key" as idea,
    "Updated" as updated_at,
    "Created" as submitted_on,
    'employee' as submitted_by,
    "Creator" as author,
    "Custom field (Region)" as region
from export
