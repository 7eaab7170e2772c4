-- Employees at the end of a quarter by what they state of themselves, before the counts are protected.
-- Grain: month, region, channel, level, attribute, category
select month, region, channel, level, attribute, category, count(*) as people
from traits
group by month, region, channel, level, attribute, category
