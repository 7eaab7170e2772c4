-- A metric about people over the period, at the scopes that are stored; what stands (not happens) as in its last month.
-- Parameters: metric, standing, scope, place, from, to
with within as (
    select month, scope, place, numerator, denominator, max(month) over () as last_month
    from people_months
    where metric = $metric
        and month between $from and $to
),

chosen as (
    select null as region, null as channel, numerator, denominator
    from within
    where scope = $scope
        and place = $place
        and (month = last_month or not $standing)
    union all
    select
        case when scope = 'region' then place end,
        case when scope = 'channel' then place end,
        numerator,
        denominator
    from within
    where scope <> 'everyone'
        and ($scope = 'everyone' or (scope = $scope and place = $place))
        and (month = last_month or not $standing)
)

select
    region,
    channel,
    sum(numerator) as numerator,
    cast(sum(denominator) as bigint) as base,
    share(sum(numerator), sum(denominator)) as value,
    cast(null as double) as margin
from chosen
group by region, channel
order by region nulls first, channel nulls first
