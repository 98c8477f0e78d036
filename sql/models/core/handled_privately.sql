-- one row per review, post or comment (kind, source, site, practice_id, item_id) that the practice says it handled
-- privately
with names as (
    -- A mark names an item by its id or by its link.
    select
        kind,
        source,
        site,
        practice_id,
        item_id,
        unnest([item_id, url]) as name
    from {{ ref('items') }}
    where
        kind in ('review', 'post', 'comment')
        and practice_id in (select marks.practice_id from {{ ref('marks') }} as marks)
),

named as (
    select
        names.kind,
        names.source,
        names.site,
        names.practice_id,
        names.item_id,
        marks.item,
        marks.handled_on
    from names
    inner join {{ ref('marks') }} as marks on names.practice_id = marks.practice_id and names.name = marks.item
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
