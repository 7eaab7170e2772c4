-- One ticket of Freshdesk, in the words of the contract.
-- Grain: export row
select
    line,
    "Ticket ID" as ticket,
    "Last update time" as updated_at,
    "Created time" as opened_at,
    "Initial response time" as first_reply_at,
    "Resolved time" as resolved_at,
    "Closed time" as closed_at,
    "Resolution status" as sla,
    "Type" as kind,
    "Email" as requester,
    "Company Name" as customer,
    "Region" as region,
    "Source" as channel
from export
