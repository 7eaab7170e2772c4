-- One answer of a customer in Qualtrics; a response, one row of the export, holds an answer to each question.
-- Grain: export row, item
select
    export.line,
    export."ResponseId" as response,
    export."RecordedDate" as answered_on,
    answers.item,
    answers.score,
    answers.lowest,
    answers.highest,
    export."region" as region,
    export."channel" as channel
from export
join answers on answers.line = export.line
where lower(trim(export."Finished")) in ('true', '1', 'wahr', 'yes')
    and lower(trim(export."Status")) not in ('survey preview', 'survey test', 'spam', '1', '2', '8', '12')
