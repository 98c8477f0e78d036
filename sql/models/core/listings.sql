{{ config(touched="night >= {since}", reads={"completeness": "night >= {since}", "features": "night >= {since}"}) }}
-- one row per source, site, practice and night: what the night's visits brought together
with visits as (
    select
        completeness.source,
        completeness.site,
        completeness.practice_id,
        completeness.night,
        bool_and(completeness.status = 'ok') as was_read,
        bool_and(completeness.status = 'skipped') as was_left_out,
        bool_and(completeness.complete) as listed_everything,
        bool_or(completeness.can_reply) as can_reply,
        sum(completeness.fetched)::bigint as fetched,
        sum(completeness.set_aside)::bigint as set_aside
    from {{ ref('completeness') }} as completeness
    inner join {{ ref('practices') }} as practices on completeness.practice_id = practices.practice_id
    where completeness.site <> ''
    group by completeness.source, completeness.site, completeness.practice_id, completeness.night
),

-- Most nights have nothing to say, and telling words apart is slow.
reasons as (
    select
        source,
        site,
        practice_id,
        night,
        string_agg(distinct why, '; ' order by why) as why
    from {{ ref('completeness') }}
    where why is not null
    group by source, site, practice_id, night
),

-- The nights that did not list everything prove nothing anyway, and there are six times as many.
kept_nights as (
    select distinct
        features.source,
        features.site,
        features.practice_id,
        features.night
    from {{ ref('features') }} as features
    inner join visits
        on
            features.source = visits.source
            and features.site = visits.site
            and features.practice_id = visits.practice_id
            and features.night = visits.night
            and visits.listed_everything
)

select
    visits.source,
    visits.site,
    visits.practice_id,
    visits.night,
    visits.was_read,
    visits.was_left_out,
    -- Only a list of everything proves that something is gone or that there is nothing. Where several visits make up
    -- the list, as of a practice that listens in two forums, each has to list its part whole: a failed visit spoils the
    -- proof, one that reads changes alone does, and so does time: of a list whose features have expired nothing can be
    -- concluded.
    visits.was_read and visits.listed_everything
    and (visits.fetched = 0 or kept_nights.night is not null) as was_complete,
    -- What a receipt says stays true when what it counted has expired.
    visits.was_read and visits.listed_everything as listed_everything,
    visits.can_reply,
    visits.set_aside,
    reasons.why
from visits
left join kept_nights
    on
        visits.source = kept_nights.source
        and visits.site = kept_nights.site
        and visits.practice_id = kept_nights.practice_id
        and visits.night = kept_nights.night
left join reasons
    on
        visits.source = reasons.source
        and visits.site = reasons.site
        and visits.practice_id = reasons.practice_id
        and visits.night = reasons.night
