-- People by attribute, level and category at one scope: everyone, one region or one channel, as last told by a month.
-- Parameters: scope, place, to
select month, attribute, level, category, people, base, share, status, rule_version
from people_counts
where population = 'workforce'
    and scope = $scope
    and place = $place
    and month <= $to
qualify month = max(month) over ()
order by attribute, level, category
