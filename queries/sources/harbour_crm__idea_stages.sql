-- One step of an idea into a stage of the pipeline.
-- Grain: export row
select
    line,
    "Idea ID" as idea,
    "Stage" as stage,
    "Entered" as entered_on
from export
