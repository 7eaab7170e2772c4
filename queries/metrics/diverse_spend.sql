-- Spend with suppliers certified on the day of the invoice, of all that our own suppliers invoiced (tier 1) and that
-- could have gone to any, in whole units of the currency. A credit note counts by its own date.
-- Grain: month invoiced, region, channel
select
    cast(date_trunc('month', invoiced_on) as date) as month,
    region,
    'unknown' as channel,
    cast(floor(coalesce(sum(case when part = 'certified' then amount end), 0) + 0.5) as bigint) as numerator,
    cast(floor(sum(amount) + 0.5) as bigint) as denominator
from invoices
where part in ('certified', 'other')
group by 1, 2, 3
