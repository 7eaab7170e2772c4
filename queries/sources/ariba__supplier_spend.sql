-- One line of spend of SAP Ariba, in the words of the contract. Amounts in several currencies do not add up: where a
-- file holds more than one, each amount keeps its currency, and so is rejected as no number.
-- Grain: export row
select
    line,
    coalesce(
        nullif(trim("Invoice Number"), ''),
        md5(concat_ws(chr(31), "Supplier ID", "Invoice Date", "Invoice Spend", "Currency", "Region")) || '-'
            || row_number() over (
                partition by "Supplier ID", "Invoice Date", "Invoice Spend", "Currency", "Region"
                order by line
            )
    ) as invoice,
    "Invoice Date" as invoiced_on,
    "Supplier ID" as supplier,
    case
        when min(nullif(upper(trim("Currency")), '')) over () = max(nullif(upper(trim("Currency")), '')) over ()
            then "Invoice Spend"
        else concat_ws(' ', "Invoice Spend", "Currency")
    end as amount,
    "Region" as region
from export
