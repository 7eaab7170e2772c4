-- One invoice, credit note or report of a second tier.
-- Grain: export row
select
    line,
    "Document" as invoice,
    "Document date" as invoiced_on,
    "Vendor" as supplier,
    "Net amount" as amount,
    "Tier" as tier,
    "Addressable" as addressable,
    "Region" as region
from export
