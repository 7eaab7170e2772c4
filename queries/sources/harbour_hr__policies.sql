-- One review of a policy, or a policy without any.
-- Grain: export row
select
    line,
    "Policy" as policy,
    "In force since" as valid_from,
    "Retired" as retired_on,
    "Customer interaction" as covers_interaction,
    "Inclusion review" as reviewed_on,
    "Policy owner" as owner
from export
