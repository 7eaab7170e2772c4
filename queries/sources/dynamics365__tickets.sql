-- One case of Dynamics 365, in the words of the contract.
-- Grain: export row
select
    line,
    coalesce(nullif("Case Number", ''), "(Do Not Modify) Case") as ticket,
    "(Do Not Modify) Modified On" as updated_at,
    "Created On" as opened_at,
    "First Response Sent On" as first_reply_at,
    "Resolved On" as resolved_at,
    "Case Type" as kind,
    "Subject" as category,
    "Customer" as customer,
    "Region" as region,
    "Origin" as channel
from export
