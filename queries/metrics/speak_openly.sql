-- Answers 4 and 5 of 5 to "I can speak openly about diversity and inclusion", of all valid answers. What is
-- answered in a quarter stands in its last month, once it is over: who answers takes part once a quarter.
-- Grain: month, region, channel
select
    cast(date_trunc('quarter', answered_on) + interval '2' month as date) as month,
    region,
    channel,
    count(*) filter (where score >= 4) as numerator,
    count(*) as denominator
from employee_answers
where item = 'speak_openly'
    and lowest = 1
    and highest = 5
    and cast(date_trunc('quarter', answered_on) + interval '3' month - interval '1' day as date) <= $as_of
group by 1, 2, 3
