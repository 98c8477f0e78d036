{{ config(touched="first_seen >= {from}") }}
-- one row per reply of a practice: source, site, practice_id, item_id
with first_visible_versions as (
    select
        source,
        site,
        practice_id,
        item_id,
        nights[1] as night,
        coalesce(created_at, updated_at) as said_at,
        row_number() over (
            partition by source, site, practice_id, item_id
            order by nights[1] asc, updated_at asc nulls last, pages[1] asc, positions[1] asc
        ) as oldest_first
    from {{ ref('features') }}
    where kind = 'reply' and coalesce(state, 'approved') = 'approved'
)

select
    items.source,
    items.site,
    items.practice_id,
    items.item_id,
    items.parent_id,
    -- Google overwrites a reply's time when it is edited, so the earliest version that could be seen is the witness,
    -- and the night that saw it is the latest it can have been.
    least(
        coalesce(first_visible_versions.said_at, first_visible_versions.night::timestamp),
        first_visible_versions.night + interval 1 day
    ) as first_reply_at,
    first_visible_versions.night as first_visible_on,
    items.first_seen,
    items.last_seen,
    items.state,
    coalesce(items.state, 'approved') = 'approved' and items.removed_on is null as visible,
    items.removed_on,
    items.has_text,
    items.disclosure,
    items.disclosure_severity,
    coalesce(items.disclosure_classes, []) as disclosure_classes,
    items.generic,
    coalesce(items.acts, []) as acts,
    case
        when list_contains(items.acts, 'offline') then true
        when list_contains(items.acts, 'public') then false
    end as moves_offline,
    items.page,
    items.position
from {{ ref('items') }} as items
left join first_visible_versions
    on
        items.source = first_visible_versions.source
        and items.site = first_visible_versions.site
        and items.practice_id = first_visible_versions.practice_id
        and items.item_id = first_visible_versions.item_id
        and first_visible_versions.oldest_first = 1
where items.kind = 'reply'
