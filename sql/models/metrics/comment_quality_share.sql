{{ config(touched="month >= {from}") }}
-- one row per practice and month
with comments as (
    select
        practice_id,
        month,
        count(*) filter (counts and is_substantive) as numerator,
        count(*) as sample_size
    from {{ ref('talk') }}
    where in_window and stands and kind = 'comment' and below_own_post and is_outside and not is_spam
    group by practice_id, month
),

{{ share_of_talk('comments') }}
