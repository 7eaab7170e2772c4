-- One application for a job.
-- Grain: export row
select
    line,
    "Application ID" as application,
    "Applicant ID" as applicant,
    "Applied" as applied_on,
    "Hired" as hired_on,
    "Gender" as gender,
    "Ethnicity" as ethnicity,
    "Age band" as age_band,
    "Disability" as disability,
    "Region" as region
from export
