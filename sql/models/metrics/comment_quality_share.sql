{{ config(touched="month >= {from}") }}
-- one row per practice and month
with comments as (
    select
        practice_id,
        month,
        count(*) filter (counts and is_substantive) as of_substance,
        count(*) as comments
    from {{ ref('talk') }}
    where in_window and stands and kind = 'comment' and below_own_post and is_outside and not is_spam
    group by practice_id, month
),

shares as (
    select
        months.practice_id,
        '' as site,
        months.month,
        coalesce(comments.of_substance, 0) as numerator,
        coalesce(comments.comments, 0) as sample_size,
        months.talk_left_out as reason,
        months.talk_not_covered_why as not_measured_why
    from {{ ref('practice_months') }} as months
    left join comments on months.practice_id = comments.practice_id and months.month = comments.month
)

{{ share_figures('shares') }}
