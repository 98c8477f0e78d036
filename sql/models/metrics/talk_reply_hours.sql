{{ config(
    touched="month >= {since}",
    reads={
        "practice_months": "month >= {since}",
        "engagement_counts": "month >= {since}",
        "calls": "month >= {since}",
    },
) }}
-- one row per practice and month
with waits as (
    select
        months.practice_id,
        months.month,
        months.talk_left_out,
        kaplan_meier_median(
            list(calls.seconds_to_answer) filter (calls.seconds_to_answer is not null),
            list(calls.seconds_watched) filter (calls.item_id is not null and calls.seconds_to_answer is null)
        ) as median_seconds,
        count(calls.seconds_to_answer) as answered,
        count(calls.item_id) as sample_size,
        any_value(parts.unknown_why) as not_measured_why
    from {{ ref('practice_months') }} as months
    inner join {{ ref('engagement_counts') }} as parts
        on months.practice_id = parts.practice_id and months.month = parts.month and parts.part = 'E1'
    left join {{ ref('calls') }} as calls
        on months.practice_id = calls.practice_id and months.month = calls.month
    group by months.practice_id, months.month, months.talk_left_out
),

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when sample_size < 5 then 'too_few'
            when median_seconds is null then 'not_measured'
            when median_seconds = 0 then 'zero'
            else 'value'
        end as state
    from waits
)

select
    practice_id,
    '' as site,
    month,
    '' as part,
    case when state in ('value', 'zero') then median_seconds::decimal(18, 6) / 3600 end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when not_measured_why is null then answered end::bigint as numerator,
    sample_size::bigint as sample_size,
    state,
    coalesce(
        not_measured_why, case when state = 'not_measured' then 'more than half not answered yet' end, talk_left_out
    )::varchar as reason
from states
