{{ config(materialized='view') }}
-- one row per night and search for a name that is compared, and per post and such a name that falls in it
-- Both are in no other model: who others are named by is no news of the practice.
select
    kind::varchar as kind,
    source::varchar as source,
    site::varchar as site,
    unnest(nights::date[]) as night,
    practice_id::varchar as practice_id,
    case kind when 'search' then item_id else matched end::varchar as named,
    parent_id::varchar as item_id,
    created_local::timestamp as created_local,
    state::varchar as state,
    day::date as known_from,
    unnest(pages::varchar[]) as page,
    unnest(positions::integer[]) as position
from {{ source('inputs', 'features') }}
where kind in ('search', 'naming')
