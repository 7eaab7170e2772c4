-- One worker of Workday, in the words of the contract.
-- Grain: export row
select
    line,
    "Employee ID" as employee,
    "Hire Date" as hired_on,
    "Termination Date" as left_on,
    "Management Level" as level,
    "Gender" as gender,
    "Race/Ethnicity" as ethnicity,
    "Region" as region
from export
