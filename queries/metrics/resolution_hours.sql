-- Tickets by how long it took until they were solved, in calendar hours.
-- Grain: month resolved, region, channel, bucket of hours
select
    cast(date_trunc('month', resolved_at) as date) as month,
    region,
    channel,
    case
        when resolution_hours < 1.0 / 3600 then -1000000
        else cast(floor(ln(resolution_hours) / ln(1.02)) as int)
    end as bucket,
    count(*) as tally
from tickets
where resolution_hours is not null
group by 1, 2, 3, 4
