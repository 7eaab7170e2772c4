-- One assignment of a training of Cornerstone, in the words of the contract; what is not completed has no completion.
-- Grain: export row
select
    line,
    "User ID" as employee,
    "Training Title" as course,
    "Training Subject" as topic,
    "Transcript Assigned Date" as assigned_on,
    case when trim("Transcript Status") ilike 'completed%' then "Transcript Completed Date" end as completed_on,
    "Training Hours" as hours,
    "Region" as region
from export
