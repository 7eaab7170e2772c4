-- One invitation to a survey.
-- Grain: export row
select
    line,
    "Invitation ID" as invitation,
    "Sent" as invited_on,
    "Completed" as completed_on,
    "Survey type" as survey,
    "Region" as region,
    "Channel" as channel
from export
