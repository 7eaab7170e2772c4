-- One answer of a customer in Microsoft Forms; a response, one row of the export, holds an answer to each question.
-- Grain: export row, item
select
    export.line,
    export."ID" as response,
    export."Completion time" as answered_on,
    answers.item,
    answers.score,
    answers.lowest,
    answers.highest,
    export."Region" as region,
    export."Channel" as channel
from export
join answers on answers.line = export.line
