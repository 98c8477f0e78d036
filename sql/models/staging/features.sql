-- one row per item that a night saw, in each place of each page where it stood
-- Times become plain UTC timestamps, so that no session's time zone can move them.
select
    kind::varchar as kind,
    source::varchar as source,
    site::varchar as site,
    night::date as night,
    practice_id::varchar as practice_id,
    item_id::varchar as item_id,
    parent_id::varchar as parent_id,
    author_key::varchar as author_key,
    make_timestamp(epoch_us(created_at)) as created_at,
    created_local::timestamp as created_local,
    make_timestamp(epoch_us(updated_at)) as updated_at,
    stars::tinyint as stars,
    has_text::boolean as has_text,
    words::integer as words,
    emoji_only::boolean as emoji_only,
    language::varchar as language,
    text_key::varchar as text_key,
    state::varchar as state,
    url::varchar as url,
    total_count::bigint as total_count,
    page::varchar as page,
    position::integer as position
from {{ source('inputs', 'features') }}
