-- Contacts by channel over the period, and the first month of which any are known.
-- Parameters: regions, from, to
with chosen as (
    select month, channel, contacts, min(month) over () as first_month
    from contacts
    where len($regions) = 0 or list_contains($regions, region)
)

select channel, cast(sum(contacts) as bigint) as contacts, min(first_month) as first_month
from chosen
where month between $from and $to
group by channel
order by contacts desc, channel
