-- Invitations to a survey that were completed, of all that were sent.
-- Grain: month invited, region, channel
select
    cast(date_trunc('month', invited_on) as date) as month,
    region,
    channel,
    count(completed_on) as numerator,
    count(*) as denominator
from survey_invitations
group by 1, 2, 3
