-- A metric about people over the period, at the scopes that are stored; what stands (not happens) as in its last month.
-- Parameters: metric, standing, scope, place, from, to
with chosen as (
    select month, null as region, null as channel, numerator, denominator
    from people_months
    where metric = $metric
        and scope = $scope
        and place = $place
    union all
    select
        month,
        case when scope = 'region' then place end,
        case when scope = 'channel' then place end,
        numerator,
        denominator
    from people_months
    where metric = $metric
        and scope <> 'everyone'
        and ($scope = 'everyone' or (scope = $scope and place = $place))
),

within as (
    select month, region, channel, numerator, denominator, max(month) over () as last_month
    from chosen
    where month between $from and $to
)

select
    region,
    channel,
    sum(numerator) as numerator,
    cast(sum(denominator) as bigint) as base,
    share(sum(numerator), sum(denominator)) as value,
    cast(null as double) as margin
from within
where month = last_month or not $standing
group by region, channel
order by region nulls first, channel nulls first
