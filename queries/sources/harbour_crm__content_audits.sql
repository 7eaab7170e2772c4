-- One audit of a piece, as Harbour CRM keeps it; automatic is no role of a person.
-- Grain: export row
select
    line,
    "Piece" as piece,
    "Audited" as audited_on,
    "Language" as language_passed,
    "Imagery" as imagery_passed,
    "Tool" as tool,
    "Tool version" as tool_version,
    nullif("Decided by", 'Automatic') as decided_by,
    "Region" as region
from export
