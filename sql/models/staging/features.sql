{{ config(
    materialized='view',
    read="night >= {from}",
    once="night >= {from} and (
        kind not in ('review', 'reply', 'post', 'comment', 'share')
        or (kind, source, site, practice_id, item_id) not in (
            select (kind, source, site, practice_id, item_id) from core.items
            where first_seen < {from} and last_seen >= {from}
        )
    )",
) }}
-- one row per item and reading of it within a month or half-year: what the `nights` read alike, each on its page and in
-- its place of the page, and of them the last `night`, its page and its position; not what searches for names found
-- Numbers are joined within a month alone.
-- A month is that of its report: the night of the 1st is the last of the month before.
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
    total_average::decimal(9, 4) as total_average,
    thread_id::varchar as thread_id,
    voice::varchar as voice,
    place::varchar as place,
    matched::varchar as matched,
    mention_keys::varchar[] as mention_keys,
    metric::varchar as metric,
    value::bigint as value,
    day::date as day,
    sentiment::varchar as sentiment,
    contradicts_stars::boolean as contradicts_stars,
    topics,
    alerts::varchar[] as alerts,
    content_type::varchar as content_type,
    acts::varchar[] as acts,
    disclosure::varchar as disclosure,
    disclosure_classes::varchar[] as disclosure_classes,
    disclosure_severity::varchar as disclosure_severity,
    generic::boolean as generic,
    reading_grade::decimal(5, 1) as reading_grade,
    clinical_claim::boolean as clinical_claim,
    page::varchar as page,
    position::integer as position,
    nights::date[] as nights,
    pages::varchar[] as pages,
    positions::integer[] as positions
from {{ source('inputs', 'features') }}
where kind not in ('search', 'naming')
