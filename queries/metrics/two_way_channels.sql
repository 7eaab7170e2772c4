-- Channels in which a person replied in the month, of those offered: all of data/reference/channels.csv, in each region
-- that tickets name. From the month of the first ticket in one of them; a month without a reply counts too.
-- Grain: month, region, channel
with offered as (
    select distinct place as channel from channel_spellings
),

asked as (
    select region, channel, opened_at, cast(date_trunc('month', first_reply_at) as date) as replied
    from tickets
    where channel in (select channel from offered)
),

regions as (
    select distinct region
    from asked
    where region <> 'unknown'
        or (select count(*) from asked where region <> 'unknown') = 0
),

answered as (
    select distinct replied, region, channel from asked
)

select
    months.month,
    regions.region,
    offered.channel,
    count(answered.channel) as numerator,
    count(*) as denominator
from months
cross join regions
cross join offered
left join answered
    on answered.replied = months.month and answered.region = regions.region and answered.channel = offered.channel
where months.month <= $as_of
    and months.last_day >= (select cast(min(opened_at) as date) from asked)
group by 1, 2, 3
