-- One completion of SuccessFactors, in the words of the contract.
-- Grain: export row
select
    line,
    "User ID" as employee,
    coalesce(nullif("Item Title", ''), "Item ID") as course,
    coalesce(nullif("Assigned Date", ''), "Completion Date") as assigned_on,
    "Completion Date" as completed_on,
    "Total Hours" as hours
from export
