-- one row per review: source, site, practice_id, item_id; as last seen
select
    source,
    site,
    practice_id,
    item_id,
    stars,
    created_at,
    created_local,
    date_trunc('month', created_local)::date as month,
    first_seen,
    last_seen,
    removed_on,
    -- A review the platform removes leaves the figures from the month of its removal: what an earlier report
    -- printed of the month it was written in stays true.
    removed_on is null or date_trunc('month', removed_on) > date_trunc('month', created_local) as counted,
    versions,
    has_text,
    words,
    emoji_only,
    language,
    text_key,
    author_key,
    url,
    page,
    position
from {{ ref('items') }}
where kind = 'review'
