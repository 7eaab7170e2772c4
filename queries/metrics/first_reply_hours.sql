-- Tickets by how long the customer waited for the first reply of a person, in calendar hours.
-- Grain: month opened, region, channel, bucket of hours
select
    cast(date_trunc('month', opened_at) as date) as month,
    region,
    channel,
    case
        when first_reply_hours < 1.0 / 3600 then -1000000
        else cast(floor(ln(first_reply_hours) / ln(1.02)) as int)
    end as bucket,
    count(*) as tally
from tickets
where first_reply_hours is not null
group by 1, 2, 3, 4
