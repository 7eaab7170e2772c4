-- One certificate of a supplier, or a supplier without any.
-- Grain: export row
select
    line,
    "Vendor" as supplier,
    "Certified from" as certified_from,
    "Certified to" as certified_to,
    "Certifier" as certifier
from export
