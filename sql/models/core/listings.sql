{{ config(touched="night >= {from}", reads={"completeness": 4, "features": "night >= {from}"}) }}
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

-- A list in several parts, as of a practice that listens in two forums.
divided as (
    select
        source,
        site,
        practice_id
    from {{ ref('completeness') }}
    group by source, site, practice_id
    having min(label) <> max(label)
),

parts as (
    select
        completeness.source,
        completeness.site,
        completeness.practice_id,
        completeness.night,
        lead(completeness.night) over (
            partition by completeness.source, completeness.site, completeness.practice_id, completeness.label
            order by completeness.night
        ) as next_night
    from {{ ref('completeness') }} as completeness
    inner join divided
        on
            completeness.source = divided.source
            and completeness.site = divided.site
            and completeness.practice_id = divided.practice_id
),

-- Nights on which a part of before was not asked for, as a forum in which nobody listens any more: what there is of the
-- others says nothing of what it held, for as long as that would be listed.
unvisited as (
    select distinct
        visits.source,
        visits.site,
        visits.practice_id,
        visits.night
    from visits
    inner join {{ ref('sources') }} as sources on visits.source = sources.source
    inner join parts
        on
            visits.source = parts.source
            and visits.site = parts.site
            and visits.practice_id = parts.practice_id
            and visits.night > parts.night
            and visits.night < coalesce(parts.next_night, 'infinity'::date)
            and visits.night <= parts.night + sources.window_days
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

-- Many items were read on the same nights.
kept_together as (
    select distinct
        source,
        site,
        practice_id,
        nights
    from {{ ref('features') }}
),

kept_nights as (
    select distinct
        source,
        site,
        practice_id,
        unnest(nights) as night
    from kept_together
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
    -- proof, one that reads changes alone or is not made does, and so does time: of a list whose features have expired
    -- nothing can be concluded.
    visits.was_read and visits.listed_everything and unvisited.night is null
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
left join unvisited
    on
        visits.source = unvisited.source
        and visits.site = unvisited.site
        and visits.practice_id = unvisited.practice_id
        and visits.night = unvisited.night
left join reasons
    on
        visits.source = reasons.source
        and visits.site = reasons.site
        and visits.practice_id = reasons.practice_id
        and visits.night = reasons.night
