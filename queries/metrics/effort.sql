-- Answers 5 to 7 of 7 to "the company made it easy for me to handle my issue" (CES 2.0), of all valid answers.
-- Grain: month answered, region, channel
select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    count(*) filter (where score >= 5) as numerator,
    count(*) as denominator
from customer_answers
where item = 'effort'
    and lowest = 1
    and highest = 7
group by 1, 2, 3
