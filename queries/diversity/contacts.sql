-- Contacts of customers: tickets, by how they came.
-- Grain: month opened, region, channel
select cast(date_trunc('month', opened_at) as date) as month, region, channel, count(*) as contacts
from tickets
group by 1, 2, 3
