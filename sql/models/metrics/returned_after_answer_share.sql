{{ config(touched="month >= {from}") }}
-- one row per practice and month
with threads as (
    select
        practice_id,
        month,
        min(created_local) filter (
            voice = 'practice' and not is_mute and answered_voice in ('outside', 'organisation')
        ) as answered_at,
        max(created_local) filter (counts) as last_voice_at
    from {{ ref('talk') }}
    where in_window and stands and kind = 'comment'
    group by practice_id, month, source, site, thread
    having answered_at is not null
),

counts as (
    select
        practice_id,
        month,
        count(*) filter (last_voice_at > answered_at) as returned,
        count(*) as threads
    from threads
    group by practice_id, month
),

shares as (
    select
        months.practice_id,
        '' as site,
        months.month,
        coalesce(counts.returned, 0) as numerator,
        coalesce(counts.threads, 0) as sample_size,
        months.talk_left_out as reason,
        months.talk_not_covered_why as not_measured_why
    from {{ ref('practice_months') }} as months
    left join counts on months.practice_id = counts.practice_id and months.month = counts.month
)

{{ share_figures('shares') }}
