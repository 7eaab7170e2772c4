-- What a reader can choose from: every region, channel and month that holds anything.
-- Parameters: none
select 'region' as filter, region as choice from metric_months where region <> 'every'
union
select 'region', region from metric_buckets
union
select 'channel', channel from metric_months where channel <> 'every'
union
select 'channel', channel from metric_buckets
union
select 'month', strftime(month, '%Y-%m') from metric_months
union
select 'month', strftime(month, '%Y-%m') from metric_buckets
order by filter, choice
