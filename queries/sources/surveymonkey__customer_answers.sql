-- One answer of a customer in SurveyMonkey; a response, one row of the export, holds an answer to each question.
-- Grain: export row, item
select
    export.line,
    export."Respondent ID" as response,
    coalesce(nullif(trim(export."End Date"), ''), export."Start Date") as answered_on,
    answers.item,
    answers.score,
    answers.lowest,
    answers.highest,
    coalesce(nullif(trim(export."Region"), ''), export."Custom Data 1") as region,
    export."Channel" as channel
from export
join answers on answers.line = export.line
