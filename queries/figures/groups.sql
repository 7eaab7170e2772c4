-- People of a population by level, attribute and category at each scope, as last told by a month.
-- Parameters: population, to
select month, scope, place, level, attribute, category, people, base, status, rule_version
from people_counts
where population = $population
    and month <= $to
qualify month = max(month) over (partition by scope, place)
order by scope, place, level, attribute, category
