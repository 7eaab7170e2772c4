-- One deal of HubSpot, in the words of the contract. The close date of an open deal is a forecast, and left out.
-- Grain: export row
select
    export.line,
    export."Record ID" as deal,
    export."Last Modified Date" as updated_at,
    case when ended.outcome is not null then export."Close Date" end as closed_on,
    ended.outcome,
    export."Service a reason" as service_stated,
    export."Region" as region
from export
cross join lateral (
    select
        case
            when lower(trim(export."Is Closed Won")) in ('true', 'yes') then 'won'
            when lower(trim(export."Is closed lost")) in ('true', 'yes') then 'lost'
            when replace(lower(trim(export."Deal Stage")), ' ', '') like 'closedwon%' then 'won'
            when replace(lower(trim(export."Deal Stage")), ' ', '') like 'closedlost%' then 'lost'
        end as outcome
) as ended
