{{ config(
    touched="(kind, source, site, practice_id, item_id) in (
        select kind, source, site, practice_id, item_id from core.items where first_seen >= {from}
    )",
    read="night >= {from}",
) }}
-- one row per review or reply (kind, source, site, practice_id, item_id) and night that read it differently than before
with rewritten as (
    select
        kind,
        source,
        site,
        practice_id,
        item_id
    from {{ ref('items') }}
    where kind in ('review', 'reply') and versions > 1
),

sights as (
    select
        features.kind,
        features.source,
        features.site,
        features.practice_id,
        features.item_id,
        unnest(features.nights) as night,
        unnest(features.pages) as page,
        unnest(features.positions) as position,
        features.updated_at,
        features.stars,
        features.state,
        features.text_key
    from {{ ref('features') }} as features
    inner join rewritten
        on
            features.kind = rewritten.kind
            and features.source = rewritten.source
            and features.site = rewritten.site
            and features.practice_id = rewritten.practice_id
            and features.item_id = rewritten.item_id
    -- A removal says nothing of what it removed. The kinds are said twice, so that those of others are not read.
    where features.kind in ('review', 'reply') and features.state is distinct from 'removed'
),

readings as (
    select
        kind,
        source,
        site,
        practice_id,
        item_id,
        night,
        stars,
        state,
        text_key,
        row_number() over (
            partition by kind, source, site, practice_id, item_id, night
            -- The last three decide only where one place was read twice.
            order by
                updated_at desc nulls last, page desc, position desc, stars desc, text_key desc, state desc
        ) as newest_first
    from sights
),

in_turn as (
    select
        * exclude (newest_first),
        lag(night) over item_nights as night_before,
        lag(stars) over item_nights as stars_before,
        lag(state) over item_nights as state_before,
        lag(text_key) over item_nights as text_key_before
    from readings
    where newest_first = 1
    window item_nights as (partition by kind, source, site, practice_id, item_id order by night)
)

select
    kind,
    source,
    site,
    practice_id,
    item_id,
    night,
    stars_before,
    stars,
    state_before,
    state,
    text_key_before,
    text_key
from in_turn
where
    night_before is not null
    and (
        stars_before is distinct from stars
        or state_before is distinct from state
        or text_key_before is distinct from text_key
    )
