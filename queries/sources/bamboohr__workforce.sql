-- One employee of BambooHR, in the words of the contract.
-- Grain: export row
select
    line,
    "Employee #" as employee,
    "Hire Date" as hired_on,
    "Termination Date" as left_on,
    "Job Level" as level,
    "Gender" as gender,
    "Ethnicity" as ethnicity,
    "Division" as region
from export
