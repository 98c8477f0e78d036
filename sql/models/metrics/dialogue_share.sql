{{ config(touched="month >= {from}") }}
-- one row per practice and month
with acts as (
    select
        practice_id,
        month,
        count(*) filter (answers_somebody) as numerator,
        count(*) as sample_size
    from {{ ref('talk') }}
    where in_window and stands and (answers_somebody or (kind = 'post' and voice = 'practice'))
    group by practice_id, month
),

{{ share_of_talk('acts') }}
