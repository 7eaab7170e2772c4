-- A group's share of the people who live in a region, with its source: the benchmark that data/reference holds.
-- Grain: region, attribute, category
select region, attribute, category, share, source, year
from community_shares
order by region, attribute, category
