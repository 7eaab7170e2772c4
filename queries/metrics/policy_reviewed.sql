-- Policies for dealing with customers reviewed for inclusion in the 12 months to the month's end, of those in force.
-- From a year after the first review known; while no policy shows two (only last reviews are known), the last month.
-- Grain: month, region, channel
with interaction as (
    select policy, min(valid_from) as valid_from, min(retired_on) as retired_on
    from policies
    where covers_interaction
    group by policy
),

known as (
    select
        case
            when count(reviewed_on) > count(distinct case when reviewed_on is not null then policy end)
                then min(reviewed_on) + interval '12' month
            else date_trunc('month', cast($as_of as date))
        end as since
    from policies
),

reviewed as (
    select distinct months.month, policies.policy
    from months
    join policies
        on policies.reviewed_on <= months.last_day
        and policies.reviewed_on > months.last_day - interval '12' month
)

select months.month, 'every' as region, 'every' as channel, count(reviewed.policy) as numerator, count(*) as denominator
from months
join known on known.since <= months.last_day
join interaction
    on interaction.valid_from <= months.last_day
    and (interaction.retired_on is null or interaction.retired_on > months.last_day)
left join reviewed on reviewed.month = months.month and reviewed.policy = interaction.policy
where months.month <= $as_of
group by 1, 2, 3
