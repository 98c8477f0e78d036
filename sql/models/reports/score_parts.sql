{{ config(touched="month >= {from}") }}
-- one row per practice, site ('' for all together), month, score, version of its weights and part: its points, of how
-- many, and from what
with scores as (
    select
        practice_id,
        site,
        month,
        case site when '' then 'reputation_score_combined' else 'reputation_score' end as score,
        words,
        largest_move,
        version,
        is_current,
        sites,
        weights,
        counts,
        level_points,
        content_points,
        answer_points,
        out_of,
        answered,
        critical,
        handled
    from {{ ref('reputation_scores') }}
    where state = 'value' and part = ''
),

star_parts as (
    select
        practice_id,
        site,
        month,
        score,
        words,
        largest_move,
        version,
        is_current,
        unnest(sites) as of_site,
        unnest(weights) as weight,
        unnest(counts) as counts,
        unnest(level_points) as level_points,
        unnest(content_points) as content_points,
        out_of
    from scores
),

parts as (
    select
        practice_id,
        site,
        month,
        score,
        words,
        largest_move,
        version,
        is_current,
        'stars' as part,
        of_site,
        weight,
        level_points as points,
        out_of[1] * weight as out_of,
        counts as inputs,
        0 as handled
    from star_parts
    union all
    select
        practice_id,
        site,
        month,
        score,
        words,
        largest_move,
        version,
        is_current,
        'not unhappy' as part,
        of_site,
        weight,
        content_points as points,
        out_of[2] * weight as out_of,
        [
            list_extract(counts, 3) + list_extract(counts, 4) + list_extract(counts, 5),
            list_extract(counts, 1) + list_extract(counts, 2) + list_extract(counts, 3)
            + list_extract(counts, 4) + list_extract(counts, 5)
        ] as inputs,
        0 as handled
    from star_parts
    union all
    select
        practice_id,
        site,
        month,
        score,
        words,
        largest_move,
        version,
        is_current,
        'answers' as part,
        '' as of_site,
        1 as weight,
        answer_points as points,
        out_of[3] as out_of,
        [answered, critical] as inputs,
        handled
    from scores
)

select
    practice_id,
    site,
    month,
    score,
    part,
    of_site,
    weight::decimal(18, 12) as weight,
    points::decimal(18, 6) as points,
    out_of::decimal(18, 6) as out_of,
    -- Decayed counts of 1 to 5 stars; of three or more and of all; of answered in time and of all critical reviews.
    inputs::decimal(18, 6)[] as inputs,
    -- Critical reviews that are not among all, because their owner says that they were handled privately.
    handled,
    words,
    largest_move,
    version,
    is_current
from parts
