-- Tickets resolved for good at first contact: never reopened, and no new ticket of the same requester and category
-- within 7 days; of those resolved whose 7 days have passed.
-- Grain: month resolved, region, channel
with followed as (
    select
        ticket,
        region,
        channel,
        reopened,
        finished_at,
        min(opened_at) over (
            partition by requester, category
            order by opened_at, ticket
            rows between 1 following and unbounded following
        ) as next_opened_at
    from tickets
    where requester is not null
        and category is not null
)

select
    cast(date_trunc('month', finished_at) as date) as month,
    region,
    channel,
    count(*) filter (
        where reopened = 0
            and (next_opened_at is null or next_opened_at > finished_at + interval '7' day)
    ) as numerator,
    count(*) as denominator
from followed
where finished_at is not null
    and reopened is not null
    and cast(finished_at + interval '7' day as date) <= $as_of
group by 1, 2, 3
