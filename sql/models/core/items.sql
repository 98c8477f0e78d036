{{ config(by_practice=true, touched="first_seen >= {from}") }}
-- one row per review, reply, post, comment or share (kind, source, site, practice_id, item_id), as last seen
with observations as materialized (
    select
        * exclude (nights, pages, positions),
        nights[1] as first_night,
        case when state = 'removed' then nights end as removed_on_nights,
        -- Names a row within this query, when all that tells rows apart may be equal.
        uuid() as row_id,
        -- Not of the nights, which are told in other rows once their month is over.
        hash(*columns(* exclude (night, page, position, nights, pages, positions))) as content
    from {{ of_practices('features') }} as features
    where
        kind in ('review', 'reply', 'post', 'comment', 'share')
        and practice_id in (select practices.practice_id from {{ ref('practices') }} as practices)
),

sights as (
    select
        kind,
        source,
        site,
        practice_id,
        item_id,
        -- The day something was published never moves, whatever a platform says of it later.
        min(created_at) as created_at,
        min(created_local) as created_local,
        min(first_night) as first_seen,
        -- That it is gone is no sight of it, and must not date its absence anew.
        max(night) filter (state is distinct from 'removed') as last_seen,
        min(first_night) filter (state = 'hidden') as first_hidden,
        flatten(list(removed_on_nights) filter (state = 'removed')) as nights_said_to_be_removed,
        -- A removal says nothing of what it removed: the item stays as it last stood. Where a night read it twice in
        -- one place, what it read decides, so that the same nights always give the same row.
        arg_max(row_id, struct_pack(
            night := night,
            updated_at := coalesce(updated_at, '-infinity'::timestamp),
            page := coalesce(page, ''),
            place_on_page := coalesce(position, 0),
            content := content
        )) filter (state is distinct from 'removed') as newest,
        -- By a hash, because DuckDB keeps a table of its own for each item whose rows it is to tell apart.
        len(list_distinct(list(hash(stars, text_key, state)))) as versions
    from observations
    group by kind, source, site, practice_id, item_id
    -- That something is gone which nobody here ever saw is no news of this practice.
    having count(*) > count(*) filter (state = 'removed')
),

histories as (
    select
        * exclude (nights_said_to_be_removed),
        list_min(list_filter(nights_said_to_be_removed, lambda said_on: said_on > last_seen)) as said_to_be_removed_on
    from sights
),

posts as (
    select
        source,
        site,
        practice_id,
        item_id,
        created_at
    from histories
    where kind = 'post'
    -- Those that are not made again.
    {{ when_touched(
        "union all select source, site, practice_id, item_id, created_at from " ~ this ~ " where kind = 'post'"
    ) }}
),

complete_listings as (
    select
        source,
        site,
        practice_id,
        night
    from {{ of_practices('listings') }}
    where was_complete
),

-- Many items were last seen together, so each night's list is looked up once.
last_sights as (
    select distinct
        source,
        site,
        practice_id,
        last_seen
    from histories
),

lists_after as (
    select
        last_sights.*,
        complete_listings.night as missed_on
    from last_sights
    asof inner join complete_listings
        on
            last_sights.source = complete_listings.source
            and last_sights.site = complete_listings.site
            and last_sights.practice_id = complete_listings.practice_id
            and last_sights.last_seen < complete_listings.night
),

-- The first complete list after the last sight of each.
missed as (
    select
        histories.*,
        lists_after.missed_on
    from histories
    left join lists_after
        on
            histories.source = lists_after.source
            and histories.site = lists_after.site
            and histories.practice_id = lists_after.practice_id
            and histories.last_seen = lists_after.last_seen
)

select
    missed.kind,
    missed.source,
    missed.site,
    missed.practice_id,
    missed.item_id,
    missed.created_at,
    missed.created_local,
    missed.first_seen,
    missed.last_seen,
    missed.versions,
    observations.parent_id,
    observations.author_key,
    observations.updated_at,
    observations.stars,
    observations.has_text,
    observations.words,
    observations.emoji_only,
    observations.language,
    observations.text_key,
    observations.state,
    observations.url,
    observations.thread_id,
    observations.voice,
    observations.place,
    observations.matched,
    observations.mention_keys,
    observations.sentiment,
    observations.contradicts_stars,
    observations.topics,
    observations.alerts,
    observations.content_type,
    observations.acts,
    observations.disclosure,
    observations.disclosure_classes,
    observations.disclosure_severity,
    observations.generic,
    observations.reading_grade,
    observations.clinical_claim,
    observations.page,
    observations.position,
    -- What is shown again is not hidden.
    case when observations.state = 'hidden' then missed.first_hidden end as hidden_on,
    -- The first complete list without it, as a list that may lack something proves nothing; or the first night since
    -- its last sight on which the platform itself said so.
    -- Where conversations are listed for some days back, a list proves nothing of what is older, nor of what was
    -- said below an older post. Reviews are always listed whole.
    least(
        case
            when
                missed.kind in ('review', 'reply')
                or sources.window_days is null
                or least(missed.created_at, threads.created_at)
                >= missed.missed_on - sources.window_days + 1
                then missed.missed_on
        end,
        missed.said_to_be_removed_on
    ) as removed_on
from observations
inner join missed on observations.row_id = missed.newest
left join {{ ref('sources') }} as sources on missed.source = sources.source
left join posts as threads
    on
        missed.source = threads.source
        and missed.site = threads.site
        and missed.practice_id = threads.practice_id
        and coalesce(observations.thread_id, observations.parent_id) = threads.item_id
