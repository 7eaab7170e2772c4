-- A customer at the end of a year by what they say of themselves, and their last answer in it to "how satisfied are
-- you?" after a contact. Only answers that name a contact, and contacts that name a customer, can be told a customer's.
-- Grain: month, customer
with answers as (
    select
        tickets.customer,
        cast(date_trunc('year', customer_answers.answered_on) + interval '11' month as date) as month,
        customer_answers.answered_on,
        customer_answers.response,
        customer_answers.score
    from customer_answers
    join tickets on tickets.ticket = customer_answers.ticket
    where customer_answers.item = 'satisfied'
        and customer_answers.lowest = 1
        and customer_answers.highest = 5
        and coalesce(customer_answers.survey, 'transactional') = 'transactional'
),

latest as (
    select customer, month, score
    from answers
    qualify row_number() over (partition by customer, month order by answered_on desc, response desc) = 1
)

select
    months.month,
    customers.customer,
    coalesce(customers.described_as, 'not disclosed') as category,
    case when latest.score is null then 'no answer' when latest.score >= 4 then 'satisfied' else 'not satisfied' end
        as level
from months
join customers
    on customers.since_on <= months.last_day
    and (customers.left_on is null or customers.left_on > months.last_day)
left join latest on latest.customer = customers.customer and latest.month = months.month
where extract(month from months.month) = 12
    and months.last_day <= $as_of
    and months.month >= (select min(month) from answers)
