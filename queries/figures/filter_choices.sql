-- What a reader can choose from: every region, channel and month that holds anything.
-- Parameters: none
select 'region' as filter, region as choice from metric_months where region <> 'every'
union
select 'region', region from wait_spans
union
select 'channel', channel from metric_months where channel <> 'every'
union
select 'channel', channel from wait_spans
union
select 'month', strftime(month, '%Y-%m') from metric_months
union
select 'month', strftime(month, '%Y-%m') from wait_spans
order by filter, choice
