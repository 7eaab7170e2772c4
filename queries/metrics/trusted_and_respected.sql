-- Answers 4 and 5 of 5 to "I can trust the employees, and they treat me with respect", of all valid answers.
-- Grain: month answered, region, channel
select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    count(*) filter (where score >= 4) as numerator,
    count(*) as denominator
from customer_answers
where item = 'trusted_and_respected'
    and lowest = 1
    and highest = 5
group by 1, 2, 3
