-- Answers 5 of 5 to "the service was an experience that I will remember with pleasure", of all valid answers.
-- Grain: month answered, region, channel
select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    count(*) filter (where score >= 5) as numerator,
    count(*) as denominator
from customer_answers
where item = 'memorable'
    and lowest = 1
    and highest = 5
group by 1, 2, 3
