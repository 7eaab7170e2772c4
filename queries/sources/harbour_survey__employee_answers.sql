-- One answer of an employee; a response, one row of the export, holds an answer to each statement.
-- Grain: export row, item
select
    export.line,
    export."Response ID" as response,
    export."Submitted" as answered_on,
    export."Wave" as wave,
    export."Gender" as gender,
    export."Ethnicity" as ethnicity,
    export."Age band" as age_band,
    answers.item,
    answers.score,
    answers.lowest,
    answers.highest,
    export."Region" as region,
    export."Serves" as channel
from export
cross join lateral (
    values
        ('empowerment', "Empowered", '1', '5'),
        ('enablement', "Enabled", '1', '5'),
        ('leadership_trust', "Leadership", '1', '5'),
        ('perspectives_valued', "Perspectives", '1', '5'),
        ('speak_openly', "Speak up", '1', '5'),
        ('inclusion_index', "Inclusion", '1', '5'),
        ('safety_1', "Safety 1", '1', '7'),
        ('safety_2', "Safety 2", '1', '7'),
        ('safety_3', "Safety 3", '1', '7'),
        ('safety_4', "Safety 4", '1', '7'),
        ('safety_5', "Safety 5", '1', '7'),
        ('safety_6', "Safety 6", '1', '7'),
        ('safety_7', "Safety 7", '1', '7')
) as answers (item, score, lowest, highest)
where trim(answers.score) <> ''
