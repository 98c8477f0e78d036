{{ config(touched="month >= {from}") }}
-- one row per practice, month and part: the people who spoke with the practice in 90 days, and of these those 'seen
-- before' in the 90 days before
with spoke as (
    select
        practice_id,
        month,
        count(*) as people,
        count(*) filter (in_past and past_is_known) as seen_before
    from {{ ref('people') }}
    where in_window
    group by practice_id, month
),

counts as (
    select
        parts.practice_id,
        '' as site,
        parts.month,
        case parts.part when 'E3' then 'seen before' else '' end as part,
        coalesce(case parts.part when 'E3' then spoke.seen_before else spoke.people end, 0) as number,
        coalesce(spoke.people, 0) as sample_size,
        coalesce(parts.unknown_why, parts.talk_left_out) as not_measured_why
    from {{ ref('engagement_counts') }} as parts
    left join spoke on parts.practice_id = spoke.practice_id and parts.month = spoke.month
    where parts.part in ('E3', 'E4')
)

{{ count_figures('counts') }}
