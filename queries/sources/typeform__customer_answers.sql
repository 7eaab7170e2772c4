-- One answer of a customer in Typeform; a response, one row of the export, holds an answer to each question.
-- Grain: export row, item
select
    export.line,
    export."#" as response,
    export."Submit Date (UTC)" as answered_on,
    answers.item,
    answers.score,
    answers.lowest,
    answers.highest,
    export."region" as region,
    export."channel" as channel
from export
join answers on answers.line = export.line
