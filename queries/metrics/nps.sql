-- Promoters (9 and 10) minus detractors (0 to 6) among the answers from 0 to 10 to "would you recommend us?".
-- Only the survey of the relationship: answers about one contact are another measurement.
-- Grain: month answered, region, channel; squares carries promoters plus detractors, for the margin of error
select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    count(*) filter (where score >= 9) - count(*) filter (where score <= 6) as numerator,
    count(*) as denominator,
    count(*) filter (where score >= 9) + count(*) filter (where score <= 6) as squares
from customer_answers
where item = 'recommend'
    and lowest = 0
    and highest = 10
    and coalesce(survey, 'relationship') = 'relationship'
group by 1, 2, 3
