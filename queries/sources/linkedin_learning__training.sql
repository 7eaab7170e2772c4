-- The hours that one person viewed on LinkedIn Learning, in the words of the contract; who viewed nothing has none.
-- Grain: export row
select
    line,
    "Unique User ID" as employee,
    'LinkedIn Learning' as course,
    'no' as required,
    "Hours Viewed" as hours
from export
