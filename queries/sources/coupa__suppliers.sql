-- One supplier of Coupa, in the words of the contract.
-- Grain: export row
select line, "Supplier Number" as supplier
from export
where trim("Supplier Number") <> ''
