-- One commitment to a customer, as Harbour CRM keeps it.
-- Grain: export row
select
    line,
    "Commitment ID" as commitment,
    "Promised on" as made_on,
    "Promised for" as due_on,
    "Fulfilled on" as kept_on,
    "Region" as region,
    "Contact channel" as channel
from export
