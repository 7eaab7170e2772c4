-- One conversation of Intercom, in the words of the contract.
-- Grain: export row
select
    line,
    "conversation_id" as ticket,
    "conversation_created_at" as opened_at,
    "conversation_first_response_at" as first_reply_at,
    "conversation_closed_at" as resolved_at,
    "conversation_region" as region,
    "conversation_channel" as channel
from export
