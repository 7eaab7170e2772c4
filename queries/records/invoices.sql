-- An invoice, credit note or report with what it counts as: second tier; excluded, for it could go to nobody else;
-- certified, for its supplier held a certificate on its day (the last day of one included); or other.
-- Grain: invoice
with certified as (
    select distinct supplier_spend.invoice
    from supplier_spend
    join suppliers
        on suppliers.supplier = supplier_spend.supplier
        and suppliers.certified_from <= supplier_spend.invoiced_on
        and (suppliers.certified_to is null or suppliers.certified_to >= supplier_spend.invoiced_on)
)

select
    supplier_spend.invoice,
    supplier_spend.supplier,
    supplier_spend.invoiced_on,
    supplier_spend.amount,
    supplier_spend.region,
    case
        when supplier_spend.tier = '2' then 'second tier'
        when not supplier_spend.addressable then 'excluded'
        when certified.invoice is not null then 'certified'
        else 'other'
    end as part
from supplier_spend
left join certified on certified.invoice = supplier_spend.invoice
