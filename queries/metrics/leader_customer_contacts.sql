-- Contacts of leaders with customers in the month, and the leaders that its list names, with a contact or without. A
-- leader stands in one place a month: the first in the alphabet that is known.
-- Grain: month, region, channel
with leaders as (
    select
        cast(date_trunc('month', day) as date) as month,
        leader,
        coalesce(min(case when region <> 'unknown' then region end), 'unknown') as region,
        coalesce(min(case when channel <> 'unknown' then channel end), 'unknown') as channel,
        count(*) filter (where kind <> 'none') as contacts
    from leader_contacts
    group by 1, 2
)

select
    month,
    region,
    channel,
    sum(contacts) as numerator,
    count(*) as denominator
from leaders
group by 1, 2, 3
