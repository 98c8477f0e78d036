-- one row per review, reply, post, comment or share (kind, source, site, practice_id, item_id), as last seen
with observations as (
    select features.*
    from {{ ref('features') }} as features
    inner join {{ ref('practices') }} as practices on features.practice_id = practices.practice_id
    where features.kind in ('review', 'reply', 'post', 'comment', 'share')
),

histories as (
    select
        kind,
        source,
        site,
        practice_id,
        item_id,
        -- The day something was published never moves, whatever a platform says of it later.
        min(created_at) as created_at,
        min(created_local) as created_local,
        min(night) as first_seen,
        max(night) as last_seen,
        min(night) filter (state = 'removed') as said_to_be_removed_on,
        max(night) filter (state = 'removed') as last_said_to_be_removed_on,
        max(night) filter (state is distinct from 'removed') as last_seen_standing,
        -- A removal says nothing of what it removed: the item stays as it last stood.
        max(struct_pack(
            night := night,
            updated_at := coalesce(updated_at, '-infinity'::timestamp),
            page := coalesce(page, ''),
            place_on_page := coalesce(position, 0)
        )) filter (state is distinct from 'removed') as newest,
        -- By a hash, because DuckDB keeps a table of its own for each item whose rows it is to tell apart.
        len(list_distinct(list(hash(stars, text_key, state)))) as versions
    from observations
    group by kind, source, site, practice_id, item_id
    -- That something is gone which nobody here ever saw is no news of this practice.
    having count(*) > count(*) filter (state = 'removed')
),

complete_listings as (
    select
        source,
        site,
        practice_id,
        night
    from {{ ref('listings') }}
    where was_complete
)

select
    histories.kind,
    histories.source,
    histories.site,
    histories.practice_id,
    histories.item_id,
    histories.created_at,
    histories.created_local,
    histories.first_seen,
    histories.last_seen,
    histories.versions,
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
    -- The first complete list without it, as a list that may lack something proves nothing; or the first night on
    -- which the platform itself said so, if that still holds.
    -- Where conversations are listed for some days back, a list proves nothing of what is older, nor of what was
    -- said below an older post. Reviews are always listed whole.
    least(
        case
            when
                histories.kind in ('review', 'reply')
                or sources.window_days is null
                or least(histories.created_at, threads.created_at)
                >= complete_listings.night - sources.window_days + 1
                then complete_listings.night
        end,
        case
            when histories.last_said_to_be_removed_on > histories.last_seen_standing
                then histories.said_to_be_removed_on
        end
    ) as removed_on
from histories
inner join observations
    on
        histories.kind = observations.kind
        and histories.source = observations.source
        and histories.site = observations.site
        and histories.practice_id = observations.practice_id
        and histories.item_id = observations.item_id
        and histories.newest['night'] = observations.night
        and histories.newest['updated_at'] = coalesce(observations.updated_at, '-infinity'::timestamp)
        and histories.newest['page'] = coalesce(observations.page, '')
        and histories.newest['place_on_page'] = coalesce(observations.position, 0)
        and observations.state is distinct from 'removed'
asof left join complete_listings
    on
        histories.source = complete_listings.source
        and histories.site = complete_listings.site
        and histories.practice_id = complete_listings.practice_id
        and histories.last_seen < complete_listings.night
left join {{ ref('sources') }} as sources on histories.source = sources.source
left join histories as threads
    on
        histories.source = threads.source
        and histories.site = threads.site
        and histories.practice_id = threads.practice_id
        and coalesce(observations.thread_id, observations.parent_id) = threads.item_id
        and threads.kind = 'post'
