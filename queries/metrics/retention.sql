-- Customers at a month's start who still were customers at its end. From the month of the first one known to have left:
-- an export may not list who left before. Who is a customer does not depend on a channel of contact.
-- Grain: month, region, channel
with known as (
    select min(left_on) as left_on from customers
)

select
    months.month,
    customers.region,
    'unknown' as channel,
    count(*) filter (where customers.left_on is null or customers.left_on > months.last_day) as numerator,
    count(*) as denominator
from months
join customers
    on customers.since_on < months.month
    and (customers.left_on is null or customers.left_on >= months.month)
join known on known.left_on <= months.last_day
where months.month <= $as_of
group by 1, 2, 3
