-- One ticket of Zendesk, in the words of the contract.
-- Grain: export row
select
    line,
    "Id" as ticket,
    "Updated at" as updated_at,
    "Created at" as opened_at,
    later("Created at", try_cast("First reply time in minutes" as bigint) * 60, "First reply time in minutes")
        as first_reply_at,
    "Solved at" as resolved_at,
    "Reopens" as reopened,
    "Ticket type" as kind,
    "Requester id" as requester,
    "Organization" as customer,
    "Region [list]" as region,
    "Via" as channel
from export
