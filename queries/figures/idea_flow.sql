-- A month of the pipeline: open at its start, in (new or reopened), out, days on the way out, open at its end by stage.
-- Parameters: regions, channels, from, to
with calendar as (
    select cast(month as date) as month
    from generate_series((select min(month) from idea_moves), (select max(month) from idea_moves), interval '1' month)
        as months (month)
),

chosen as (
    select month, from_stage, to_stage, ideas, days, from_stage not in ('new', 'implemented', 'closed') as was_open,
        to_stage not in ('implemented', 'closed') as is_open
    from idea_moves
    where (len($regions) = 0 or list_contains($regions, region))
        and (len($channels) = 0 or list_contains($channels, channel))
),

moved as (
    select
        calendar.month,
        sum(if(is_open and not was_open, ideas, 0)) as came_in,
        sum(if(was_open and to_stage = 'implemented', ideas, 0)) as implemented,
        sum(if(was_open and to_stage = 'closed', ideas, 0)) as closed,
        sum(if(was_open and not is_open, days, 0)) as days,
        sum(case 'submitted' when to_stage then ideas when from_stage then -ideas else 0 end) as submitted,
        sum(case 'screened' when to_stage then ideas when from_stage then -ideas else 0 end) as screened,
        sum(case 'experiment' when to_stage then ideas when from_stage then -ideas else 0 end) as experiment,
        sum(case 'pilot' when to_stage then ideas when from_stage then -ideas else 0 end) as pilot
    from calendar
    left join chosen on chosen.month = calendar.month
    where (select count(*) from chosen) > 0
    group by calendar.month
)

select month, sum(submitted + screened + experiment + pilot) over before as open_start, came_in, implemented, closed,
    days, sum(submitted) over upto as submitted, sum(screened) over upto as screened,
    sum(experiment) over upto as experiment, sum(pilot) over upto as pilot
from moved
window upto as (order by month), before as (order by month rows between unbounded preceding and 1 preceding)
qualify month between $from and $to
order by month
