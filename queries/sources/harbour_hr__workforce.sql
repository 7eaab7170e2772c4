-- One employee at the end of one quarter; who left during it is still listed, with the day.
-- Grain: export row
select
    line,
    "Employee ID" as employee,
    "State on" as as_of,
    "Hired" as hired_on,
    "Left" as left_on,
    "Grade" as level,
    "Gender" as gender,
    "Ethnicity" as ethnicity,
    "Age band" as age_band,
    "Disability" as disability,
    "Region" as region,
    "Serves" as channel
from export
