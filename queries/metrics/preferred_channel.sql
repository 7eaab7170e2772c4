-- Contacts in the channel that the customer prefers, of those whose channel and whose customer's preference are known.
-- Grain: month opened, region, channel
select
    cast(date_trunc('month', tickets.opened_at) as date) as month,
    tickets.region,
    tickets.channel,
    count(*) filter (where tickets.channel = customers.preferred_channel) as numerator,
    count(*) as denominator
from tickets
join customers on customers.customer = tickets.customer
where customers.preferred_channel <> 'unknown'
    and tickets.channel <> 'unknown'
group by 1, 2, 3
