-- Answers 4 and 5 of 5 to "employees understand my needs and show sincere interest", of all valid answers.
-- Grain: month answered, region, channel
select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    count(*) filter (where score >= 4) as numerator,
    count(*) as denominator
from customer_answers
where item = 'empathy'
    and lowest = 1
    and highest = 5
group by 1, 2, 3
