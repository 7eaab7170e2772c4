-- The certificate of a supplier of SAP Ariba, or a supplier without any, in the words of the contract.
-- Grain: export row
select line, "Supplier ID" as supplier, "Certificate Expiration Date" as certified_to
from export
where trim("Supplier ID") <> ''
