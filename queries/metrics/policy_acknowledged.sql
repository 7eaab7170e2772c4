-- Employees who acknowledged every policy for dealing with customers that they were asked to acknowledge, at a
-- quarter's end, of those asked. Each counts once; who is asked anew has to acknowledge it anew.
-- Grain: month, region, channel
with asked as (
    select
        headcount.month,
        headcount.region,
        headcount.channel,
        headcount.employee,
        policy_acknowledgements.policy,
        max(policy_acknowledgements.asked_on) as asked_on,
        max(case when acknowledged_on <= headcount.last_day then acknowledged_on end) as acknowledged_on
    from headcount
    join policy_acknowledgements
        on policy_acknowledgements.employee = headcount.employee
        and policy_acknowledgements.asked_on <= headcount.last_day
    where headcount.last_day <= $as_of
        and extract(month from headcount.month) in (3, 6, 9, 12)
    group by 1, 2, 3, 4, 5
),

employees as (
    select month, region, channel, employee, min(case when acknowledged_on >= asked_on then 1 else 0 end) as done
    from asked
    group by 1, 2, 3, 4
)

select month, region, channel, sum(done) as numerator, count(*) as denominator
from employees
group by 1, 2, 3
