-- Answers to "would you recommend us?" by group: detractors 0 to 6, passives 7 and 8, promoters 9 and 10.
-- Grain: month answered, region, channel, group
select
    cast(date_trunc('month', answered_on) as date) as month,
    region,
    channel,
    case
        when score >= 9 then 'promoters'
        when score >= 7 then 'passives'
        else 'detractors'
    end as answer_group,
    count(*) as answers
from customer_answers
where item = 'recommend'
    and lowest = 0
    and highest = 10
    and coalesce(survey, 'relationship') = 'relationship'
group by 1, 2, 3, 4
