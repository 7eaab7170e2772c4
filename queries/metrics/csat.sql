-- Answers 4 and 5 of 5 to "how satisfied are you?", of all valid answers after a contact.
-- Grain: month answered, region, channel
select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    count(*) filter (where score >= 4) as numerator,
    count(*) as denominator
from customer_answers
where item = 'satisfied'
    and lowest = 1
    and highest = 5
    and coalesce(survey, 'transactional') = 'transactional'
group by 1, 2, 3
