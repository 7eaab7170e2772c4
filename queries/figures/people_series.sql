-- Metrics about people by month, at the scopes that are stored: all that is chosen together, and each place in it.
-- Parameters: metrics, scope, place, from, to
with chosen as (
    select metric, month, null as region, null as channel, numerator, denominator, margin, nearest, status, rule_version
    from people_months
    where list_contains($metrics, metric)
        and scope = $scope
        and place = $place
    union all
    select
        metric,
        month,
        case when scope = 'region' then place end,
        case when scope = 'channel' then place end,
        numerator, denominator, margin, nearest, status, rule_version
    from people_months
    where list_contains($metrics, metric)
        and scope <> 'everyone'
        and ($scope = 'everyone' or (scope = $scope and place = $place))
)

select
    metric,
    month,
    region,
    channel,
    numerator,
    denominator as base,
    share(numerator, denominator) as value,
    margin,
    nearest,
    status,
    rule_version
from chosen
where month between $from and $to
order by metric, month, region nulls first, channel nulls first
