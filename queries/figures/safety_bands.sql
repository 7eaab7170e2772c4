-- Responses on how safe it is to take a risk, by quarter and band, at one scope: everyone, one region or one channel.
-- Parameters: scope, place, from, to
select month, category as band, people, base, share, nearest, status, rule_version
from people_counts
where population = 'psychological_safety'
    and scope = $scope
    and place = $place
    and month between $from and $to
order by month, band
