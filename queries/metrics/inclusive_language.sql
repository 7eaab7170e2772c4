-- Pieces whose language passed, of those whose language a person decided on; what a tool alone decided is left out.
-- Grain: month audited, region, channel
select
    cast(date_trunc('month', audited_on) as date) as month,
    region,
    'unknown' as channel,
    count(*) filter (where language_passed) as numerator,
    count(*) as denominator
from content_audits
where decided_by is not null
    and language_passed is not null
group by 1, 2, 3
