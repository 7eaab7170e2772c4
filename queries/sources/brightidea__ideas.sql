-- One idea of Brightidea, in the words of the contract.
-- Grain: export row
select
    line,
    "Submission Code" as idea,
    "Date Submitted" as submitted_on,
    "Submitter" as author
from export
