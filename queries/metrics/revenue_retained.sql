-- Recurring revenue of customers at a month's start, and of those who stay to its end, in whole units, at what they pay
-- today, from the month in which the first left. Fewer than ten customers are left out: it could be the revenue of one.
-- Grain: month, region, channel
with known as (
    select min(left_on) as left_on from customers
)

select
    months.month,
    customers.region,
    'unknown' as channel,
    floor(
        sum(
            case
                when customers.left_on is null or customers.left_on > months.last_day then customers.recurring_revenue
                else 0
            end
        ) + 0.5
    ) as numerator,
    cast(floor(sum(customers.recurring_revenue) + 0.5) as bigint) as denominator
from months
join customers
    on customers.since_on < months.month
    and (customers.left_on is null or customers.left_on >= months.month)
    and customers.recurring_revenue is not null
join known on known.left_on <= months.last_day
where months.month <= $as_of
group by 1, 2, 3
having count(*) >= 10
