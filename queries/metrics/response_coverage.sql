-- Tickets that a person replied to, of all whose first 7 days have passed: no export says which need no reply, so each
-- of them needs one.
-- Grain: month opened, region, channel
select
    cast(date_trunc('month', opened_at) as date) as month,
    region,
    channel,
    count(first_reply_at) as numerator,
    count(*) as denominator
from tickets
where cast(opened_at + interval '7' day as date) <= $as_of
group by 1, 2, 3
