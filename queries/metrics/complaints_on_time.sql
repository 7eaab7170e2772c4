-- Complaints that a person replied to within 2 days and that were resolved within 28, of those whose 28 days have
-- passed or that are resolved; one closed without a time of resolution counts as resolved.
-- Grain: month opened, region, channel
select
    cast(date_trunc('month', opened_at) as date) as month,
    region,
    channel,
    count(*) filter (
        where first_reply_at <= opened_at + interval '2' day
            and finished_at <= opened_at + interval '28' day
    ) as numerator,
    count(*) as denominator
from tickets
where kind = 'complaint'
    and (finished_at is not null or cast(opened_at + interval '28' day as date) <= $as_of)
group by 1, 2, 3
