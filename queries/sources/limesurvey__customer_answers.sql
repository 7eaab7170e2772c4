-- One answer of a customer in LimeSurvey; a response, one row of the export, holds an answer to each question.
-- Grain: export row, item
select
    export.line,
    export."id" as response,
    export."submitdate" as answered_on,
    answers.item,
    answers.score,
    answers.lowest,
    answers.highest,
    export."region" as region,
    export."channel" as channel
from export
join answers on answers.line = export.line
where trim(export."submitdate") <> ''
