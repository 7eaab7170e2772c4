-- One case of Salesforce, in the words of the contract.
-- Grain: export row
select
    line,
    "Case Number" as ticket,
    coalesce(nullif("Date/Time Opened", ''), "Opened Date") as opened_at,
    coalesce(nullif("Date/Time Closed", ''), "Closed Date") as resolved_at,
    "Type" as kind,
    "Reason" as category,
    "Account Name" as customer,
    "Region" as region,
    "Case Origin" as channel
from export
