-- One answer of a customer; a response, one row of the export, holds an answer to each question.
-- Grain: export row, item
select
    export.line,
    export."Response ID" as response,
    export."Submitted" as answered_on,
    export."Survey type" as survey,
    answers.item,
    answers.score,
    answers.lowest,
    answers.highest,
    export."Followed up" as followed_up_on,
    export."Ticket ID" as ticket,
    export."Region" as region,
    export."Channel" as channel
from export
cross join lateral (
    values
        ('recommend', "Recommend", '0', '10'),
        ('satisfied', "Satisfaction", '1', '5'),
        ('empathy', "Empathy", '1', '5'),
        ('felt_heard', "Felt heard", '1', '5'),
        ('trusted_and_respected', "Trusted", '1', '5'),
        ('welcoming', "Welcoming", '1', '5'),
        ('memorable', "Memorable", '1', '5'),
        ('effort', "Effort", '1', '7')
) as answers (item, score, lowest, highest)
where trim(answers.score) <> ''
