{{ config(touched="month >= {from}") }}
-- one row per practice and month
with questions as (
    select
        practice_id,
        month,
        -- Younger than a week it can still be answered in time and is not counted yet, with an answer no more than
        -- without one.
        count(*) filter (
            outcome <> 'handled privately' and seconds_watched >= 7 * 86400 and seconds_to_answer <= 7 * 86400
        ) as numerator,
        count(*) filter (outcome <> 'handled privately' and seconds_watched >= 7 * 86400) as sample_size,
        count(*) filter (outcome = 'handled privately') as handled
    from {{ ref('calls') }}
    where is_question
    group by practice_id, month
),

shares as (
    select
        parts.practice_id,
        '' as site,
        parts.month,
        coalesce(questions.numerator, 0) as numerator,
        coalesce(questions.sample_size, 0) as sample_size,
        nullif(
            concat_ws(
                '; ',
                parts.talk_left_out,
                case when questions.handled > 0 then questions.handled || ' handled privately' end
            ),
            ''
        ) as reason,
        parts.unknown_why as not_measured_why
    from {{ ref('engagement_counts') }} as parts
    left join questions on parts.practice_id = questions.practice_id and parts.month = questions.month
    where parts.part = 'E1'
)

{{ share_figures('shares') }}
