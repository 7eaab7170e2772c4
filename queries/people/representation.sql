-- How many people of a category work at a level, in the last known month, at the scopes allowed for people.
-- Under ten, zero included, is not told, the rest to the nearest five; a scope of fewer than ten people is left out.
-- Grain: scope, place, attribute, level, category
with scoped as (
    select 'everyone' as scope, '' as place, * from traits
    union all
    select 'region', region, * from traits where region <> 'unknown'
    union all
    select 'channel', channel, * from traits where channel <> 'unknown'
),

levelled as (
    select scope, place, month, attribute, level, category from scoped
    union all
    select scope, place, month, attribute, 'all levels', category from scoped
    union all
    select scope, place, month, attribute, level, 'all' from scoped
    union all
    select scope, place, month, attribute, 'all levels', 'all' from scoped
),

cells as (
    select distinct scopes.scope, scopes.place, scopes.month, levels.level, categories.attribute, categories.category
    from (select distinct scope, place, month from levelled) as scopes
    cross join (select distinct level from levelled) as levels
    cross join (select distinct attribute, category from levelled) as categories
    semi join population using (month, scope, place)
)

select scope, place, month, attribute, level, category,
    case when count(levelled.level) >= 10 then count(levelled.level) + 2 - (count(levelled.level) + 2) % 5 end as people
from cells
left join levelled using (scope, place, month, attribute, level, category)
group by all
order by all
