{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and topic praised or criticised (part 'topic/positive' or 'topic/negative')
with states as (
    select
        *,
        mentions between 1 and 4 as is_single,
        case
            when not_measured_why is not null then 'not_measured'
            when mentions between 1 and 4 or judged < 10 then 'too_few'
            when mentions = 0 then 'zero'
            else 'value'
        end as state
    from {{ ref('topic_months') }}
)

select
    practice_id,
    site,
    month,
    part::varchar as part,
    case when state in ('value', 'zero') then mentions::decimal(18, 6) / judged end::decimal(18, 6) as value,
    case when state in ('value', 'zero') then wilson(mentions, judged).low end::decimal(18, 6) as low,
    case when state in ('value', 'zero') then wilson(mentions, judged).high end::decimal(18, 6) as high,
    -- One to four are single remarks: how many exactly is nobody's business but the practice's.
    case when state <> 'not_measured' and not is_single then mentions end::bigint as numerator,
    judged::bigint as sample_size,
    state,
    coalesce(not_measured_why, case when is_single then 'single remarks' end, not_covered_why)::varchar as reason
from states
