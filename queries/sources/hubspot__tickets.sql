-- One ticket of HubSpot, in the words of the contract.
-- Grain: export row
select
    line,
    "Ticket ID" as ticket,
    "Create date" as opened_at,
    later(
        "Create date",
        seconds_of("Time to first agent email reply (HH:mm:ss)"),
        "Time to first agent email reply (HH:mm:ss)"
    ) as first_reply_at,
    "Close date" as resolved_at,
    "Category" as category,
    "Associated Company (Primary)" as customer,
    "Region" as region,
    "Source" as channel
from export
