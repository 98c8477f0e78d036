{{ config(touched="month >= {from}") }}
-- one row per practice and month
with acts as (
    select
        practice_id,
        month,
        count(*) filter (kind = 'comment' and not is_mute and answered_voice in ('outside', 'organisation')) as replies,
        count(*) filter (kind = 'post') as posts
    from {{ ref('talk') }}
    where in_window and stands and voice = 'practice'
    group by practice_id, month
),

shares as (
    select
        months.practice_id,
        '' as site,
        months.month,
        coalesce(acts.replies, 0) as numerator,
        coalesce(acts.replies + acts.posts, 0) as sample_size,
        months.talk_left_out as reason,
        months.talk_not_covered_why as not_measured_why
    from {{ ref('practice_months') }} as months
    left join acts on months.practice_id = acts.practice_id and months.month = acts.month
)

{{ share_figures('shares') }}
