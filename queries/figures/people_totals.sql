-- Metrics about people over the period, at the scopes that are stored, if every month of it is told; what stands (and
-- does not happen) as in the last month that is told of all together.
-- Parameters: metrics, standing, scope, place, from, to
with within as (
    select metric, month, scope, place, numerator, denominator, margin, nearest, status, rule_version,
        coalesce(
            max(month) filter (where scope = $scope and place = $place and status = 'shown') over of_metric,
            max(month) over of_metric
        ) as last_told
    from people_months
    where list_contains($metrics, metric)
        and month between $from and $to
    window of_metric as (partition by metric)
),

chosen as (
    select *, 'everyone' as split from within where scope = $scope and place = $place
    union all
    select *, scope from within
    where scope <> 'everyone'
        and ($scope = 'everyone' or (scope = $scope and place = $place))
)

select
    metric,
    case when split = 'region' then place end as region,
    case when split = 'channel' then place end as channel,
    case when bool_and(status = 'shown') then sum(numerator) end as numerator,
    cast(case when bool_and(status = 'shown') then sum(denominator) end as bigint) as base,
    case when bool_and(status = 'shown') then share(sum(numerator), sum(denominator)) end as value,
    max(margin) as margin,
    max(nearest) as nearest,
    case when bool_and(status = 'shown') then 'shown' else 'withheld' end as status,
    max(rule_version) as rule_version
from chosen
where month = last_told or not list_contains($standing, metric)
group by 1, 2, 3
order by metric, region nulls first, channel nulls first
