{{ config(touched="month >= {from}") }}
-- one row per practice and month
with threads as (
    select
        practice_id,
        month,
        min(created_local) filter (answers_somebody) as answered_at,
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
        count(*) filter (last_voice_at > answered_at) as numerator,
        count(*) as sample_size
    from threads
    group by practice_id, month
),

{{ share_of_talk('counts') }}
