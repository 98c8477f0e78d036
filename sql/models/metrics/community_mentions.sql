{{ config(touched="month >= {from}") }}
-- one row per practice, month, community and kind of mention, and one of all communities together
with mentions as (
    select
        practice_id,
        month,
        place,
        advocates,
        discourages
    from {{ ref('talk') }}
    where in_window and counts and kind <> 'share' and place is not null and matched is not null
),

parts as (
    select
        practice_id,
        month,
        '' as part,
        count(*) as number
    from mentions
    group by practice_id, month
    union all
    select
        practice_id,
        month,
        place || '/' || unnest(['recommend', 'discourage', 'mentions']) as part,
        unnest([count(*) filter (advocates), count(*) filter (discourages), count(*)]) as number
    from mentions
    group by practice_id, month, place
),

counted as (
    select
        months.practice_id,
        '' as site,
        months.month,
        coalesce(parts.part, '') as part,
        coalesce(parts.number, 0) as number,
        coalesce(parts.number, 0) as sample_size,
        coalesce(months.talk_not_covered_why, months.talk_left_out) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join parts on months.practice_id = parts.practice_id and months.month = parts.month
)

{{ count_figures('counted') }}
