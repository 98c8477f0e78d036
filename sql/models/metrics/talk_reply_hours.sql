{{ config(touched="month >= {from}") }}
-- one row per practice and month
with waits as (
    select
        months.practice_id,
        '' as site,
        months.month,
        kaplan_meier_median(
            list(calls.seconds_to_answer) filter (calls.seconds_to_answer is not null),
            list(calls.seconds_watched) filter (calls.item_id is not null and calls.seconds_to_answer is null)
        ) as median_seconds,
        count(calls.seconds_to_answer) as answered,
        count(calls.item_id) as sample_size,
        months.talk_left_out as reason,
        any_value(parts.unknown_why) as not_measured_why
    from {{ ref('practice_months') }} as months
    inner join {{ ref('engagement_counts') }} as parts
        on months.practice_id = parts.practice_id and months.month = parts.month and parts.part = 'E1'
    left join {{ ref('calls') }} as calls
        on
            months.practice_id = calls.practice_id
            and months.month = calls.month
            and calls.outcome <> 'handled privately'
    group by months.practice_id, months.month, months.talk_left_out
),

{{ hours_figures('waits') }}
