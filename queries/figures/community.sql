-- A group's share of the people who live in a region, with its source.
-- Parameters: none
select region, attribute, category, share, source, year
from community
order by region, attribute, category
