-- Suppliers certified at the end of a month, numbered anew in each build: their invoices of tier 1 in the 12 months to
-- it (credit notes are none), and what they were paid while certified. From the first whole year of invoices on.
-- Grain: month, region, channel, supplier
with certified as (
    select distinct months.month, least(months.last_day, cast($as_of as date)) as end_on, suppliers.supplier
    from months
    join suppliers
        on suppliers.certified_from <= least(months.last_day, cast($as_of as date))
        and (suppliers.certified_to is null or suppliers.certified_to >= least(months.last_day, cast($as_of as date)))
    where months.month <= $as_of
        and months.month >= (select date_trunc('month', min(invoiced_on)) + interval '11' month from invoices)
)

select
    certified.month,
    invoices.region,
    'unknown' as channel,
    dense_rank() over (order by certified.supplier) as supplier,
    count(*) filter (where invoices.amount > 0) as invoices,
    cast(floor(coalesce(sum(invoices.amount) filter (where invoices.part = 'certified'), 0) + 0.5) as bigint) as amount
from certified
join invoices
    on invoices.supplier = certified.supplier
    and invoices.invoiced_on <= certified.end_on
    and invoices.invoiced_on > certified.end_on - interval '12' month
where invoices.part in ('certified', 'other')
group by certified.month, invoices.region, certified.supplier
