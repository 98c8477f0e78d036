{{ config(touched="month >= {from}") }}
-- one row per practice, month and part: the hours until half were answered, and until 'nine of ten' were; the same in
-- 'business hours'
with answers as (
    select
        practice_id,
        month,
        kaplan_meier(
            list(seconds_to_answer) filter (seconds_to_answer is not null),
            list(seconds_watched) filter (seconds_to_answer is null)
        ) as waits,
        kaplan_meier(
            list(business_seconds_to_answer) filter (seconds_to_answer is not null),
            list(business_seconds_watched) filter (seconds_to_answer is null)
        ) as business_waits,
        count(seconds_to_answer) as answered,
        count(*) as calls
    from {{ ref('calls') }}
    where is_call and outcome <> 'handled privately'
    group by practice_id, month
),

waiting as (
    select
        months.practice_id,
        '' as site,
        months.month,
        answers.waits,
        answers.business_waits,
        coalesce(answers.answered, 0) as answered,
        coalesce(answers.calls, 0) as sample_size,
        months.talk_left_out as reason,
        parts.unknown_why as not_measured_why
    from {{ ref('practice_months') }} as months
    inner join {{ ref('engagement_counts') }} as parts
        on months.practice_id = parts.practice_id and months.month = parts.month and parts.part = 'E1'
    left join answers on months.practice_id = answers.practice_id and months.month = answers.month
),

{{ hours_figures('waiting', {'': 'waits', 'business hours': 'business_waits'}) }}
