-- one row per review or reply: kind, source, site, practice_id, item_id; as last seen, with its history
with observations as (
    select
        features.*,
        row_number() over (
            partition by
                features.kind, features.source, features.site, features.practice_id, features.item_id
            order by
                features.night desc, features.updated_at desc nulls last, features.page desc, features.position desc
        ) as newest_first
    from {{ ref('features') }} as features
    inner join {{ ref('practices') }} as practices on features.practice_id = practices.practice_id
    where features.kind in ('review', 'reply')
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
        count(distinct struct_pack(stars := stars, text_key := text_key, state := state)) as versions
    from observations
    group by kind, source, site, practice_id, item_id
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
    histories.*,
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
    observations.page,
    observations.position,
    -- The first complete list without it. A list that may lack something proves nothing.
    complete_listings.night as removed_on
from histories
inner join observations
    on
        histories.kind = observations.kind
        and histories.source = observations.source
        and histories.site = observations.site
        and histories.practice_id = observations.practice_id
        and histories.item_id = observations.item_id
        and observations.newest_first = 1
asof left join complete_listings
    on
        histories.source = complete_listings.source
        and histories.site = complete_listings.site
        and histories.practice_id = complete_listings.practice_id
        and histories.last_seen < complete_listings.night
