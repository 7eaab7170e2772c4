-- Answers to "would you recommend us?" by quarter: how many would not, are passive, would.
-- Parameters: regions, channels, from, to
select
    cast(date_trunc('quarter', month) as date) as quarter,
    max(month) as last_month,
    cast(coalesce(sum(answers) filter (where answer_group = 'detractors'), 0) as bigint) as detractors,
    cast(coalesce(sum(answers) filter (where answer_group = 'passives'), 0) as bigint) as passives,
    cast(coalesce(sum(answers) filter (where answer_group = 'promoters'), 0) as bigint) as promoters,
    cast(sum(answers) as bigint) as base
from recommendation
where (len($regions) = 0 or list_contains($regions, region))
    and (len($channels) = 0 or list_contains($channels, channel))
    and month between $from and $to
group by 1
order by 1
