-- One ticket of Harbour CRM, in the words of the contract.
-- Grain: export row
select
    line,
    "Ticket ID" as ticket,
    "Opened" as opened_at,
    "First human reply" as first_reply_at,
    "Resolved" as resolved_at,
    "SLA status" as sla,
    "Times reopened" as reopened,
    "Type" as kind,
    "Subject area" as category,
    "Requester ID" as requester,
    "Customer ID" as customer,
    "Region" as region,
    "Contact channel" as channel
from export
