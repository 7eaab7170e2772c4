-- People by attribute, level and category at one scope: everyone, one region or one channel.
-- Parameters: scope, place
select month, attribute, level, category, people
from representation
where scope = $scope
    and place = $place
