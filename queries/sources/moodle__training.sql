-- One person in one course of Moodle, in the words of the contract.
-- Grain: export row
select
    line,
    "id" as employee,
    "Course complete" as completed_on
from export
