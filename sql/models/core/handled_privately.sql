-- one row per review, post or comment (kind, source, site, practice_id, item_id) that the practice says it handled
-- privately
with named as (
    select
        items.kind,
        items.source,
        items.site,
        items.practice_id,
        items.item_id,
        marks.item,
        marks.handled_on
    from {{ ref('items') }} as items
    inner join {{ ref('marks') }} as marks on items.practice_id = marks.practice_id and items.item_id = marks.item
    where items.kind in ('review', 'post', 'comment')
    union
    select
        items.kind,
        items.source,
        items.site,
        items.practice_id,
        items.item_id,
        marks.item,
        marks.handled_on
    from {{ ref('items') }} as items
    inner join {{ ref('marks') }} as marks on items.practice_id = marks.practice_id and items.url = marks.item
    where items.kind in ('review', 'post', 'comment')
),

-- Some sites give all their reviews one link: a mark that could mean several means none, and the doctor says so.
meant as (
    select *
    from named
    qualify
        count(distinct concat_ws('/', kind, source, site, item_id)) over (partition by practice_id, item) = 1
)

select
    kind,
    source,
    site,
    practice_id,
    item_id,
    min(handled_on) as handled_on
from meant
group by kind, source, site, practice_id, item_id
