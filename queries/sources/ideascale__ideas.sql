-- One idea of IdeaScale, in the words of the contract.
-- Grain: export row
select
    line,
    "Idea Id" as idea,
    "Idea Submitter Email" as author
from export
