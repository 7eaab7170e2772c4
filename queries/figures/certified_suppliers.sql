-- Suppliers certified and invoiced in the 12 months to a quarter's last month (or $to); what the three largest hold.
-- Parameters: regions, channels, from, to
with chosen as (
    select month, supplier, sum(amount) as amount
    from certified_suppliers
    where (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
        and month between $from and $to
        and month = least(date_trunc('quarter', month) + interval '2' month, date_trunc('month', cast($to as date)))
    group by month, supplier
    having sum(invoices) > 0
),

ranked as (
    select
        cast(date_trunc('quarter', month) as date) as quarter,
        month,
        amount,
        row_number() over (partition by month order by amount desc, supplier) as place
    from chosen
)

select
    quarter,
    max(month) as month,
    count(*) as suppliers,
    cast(sum(amount) as bigint) as held,
    cast(sum(amount) filter (where place <= 3) as bigint) as largest
from ranked
group by quarter
order by quarter
