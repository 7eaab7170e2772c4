-- Responses with a low score (recommendation 0 to 6, satisfaction 1 or 2 of 5) followed up within 2 business days,
-- of those whose two days have passed.
-- Grain: month answered, region, channel
with low as (
    select
        response,
        min(answered_on) as answered_on,
        min(region) as region,
        min(channel) as channel,
        min(followed_up_on) as followed_up_on,
        min(follow_up_due_on) as follow_up_due_on
    from customer_answers
    where (item = 'recommend' and lowest = 0 and highest = 10 and score <= 6)
        or (item = 'satisfied' and lowest = 1 and highest = 5 and score <= 2)
    group by response
)

select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    count(*) filter (where followed_up_on <= follow_up_due_on) as numerator,
    count(*) as denominator
from low
where follow_up_due_on <= $as_of
group by 1, 2, 3
