{{ config(touched=true, reads={"items": "first_seen >= {from}"}) }}
-- one row per item that is said to be removed without a complete list, later than it was last seen, that proves it,
-- and without a word of the platform itself on that night
select
    items.kind,
    items.source,
    items.site,
    items.practice_id,
    items.item_id,
    items.last_seen,
    items.removed_on
from {{ ref('items') }} as items
left join {{ ref('listings') }} as listings
    on
        items.source = listings.source
        and items.site = listings.site
        and items.practice_id = listings.practice_id
        and items.removed_on = listings.night
        and items.last_seen < listings.night
        and listings.was_complete
left join {{ ref('features') }} as announcements
    on
        items.kind = announcements.kind
        and items.source = announcements.source
        and items.site = announcements.site
        and items.practice_id = announcements.practice_id
        and items.item_id = announcements.item_id
        and list_contains(announcements.nights, items.removed_on)
        and announcements.state = 'removed'
where items.removed_on is not null and listings.night is null and announcements.night is null
