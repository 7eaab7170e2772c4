-- One idea of Aha!, in the words of the contract.
-- Grain: export row
select
    line,
    "Idea reference" as idea,
    "Idea last status change date" as updated_at,
    "Idea created date" as submitted_on,
    case when trim("Idea submitted portal") <> '' then 'customer' else 'employee' end as submitted_by,
    "Idea created by" as author
from export
