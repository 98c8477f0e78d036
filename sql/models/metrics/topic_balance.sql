{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and topic (part)
with sides as (
    select
        practice_id,
        site,
        month,
        split_part(part, '/', 1) as topic,
        sum(mentions) filter (split_part(part, '/', 2) = 'positive')::bigint as positive,
        sum(mentions) filter (split_part(part, '/', 2) = 'negative')::bigint as negative,
        -- The same for both.
        min(not_covered_why) as not_covered_why,
        min(not_measured_why) as not_measured_why
    from {{ ref('topic_months') }}
    group by practice_id, site, month, topic
),

mentions as (
    select
        *,
        positive - negative as net,
        positive + negative as told,
        -- One to four are single remarks. Beside the number of the other side, any figure of both would give them away.
        positive between 1 and 4 or negative between 1 and 4 as is_single
    from sides
),

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when is_single or told < 10 then 'too_few'
            when positive = negative then 'zero'
            else 'value'
        end as state
    from mentions
)

select
    practice_id,
    site,
    month,
    topic::varchar as part,
    case when state in ('value', 'zero') then net::decimal(18, 6) / told end::decimal(18, 6) as value,
    case when state in ('value', 'zero') then net_share(positive, negative, told).low end::decimal(18, 6) as low,
    case when state in ('value', 'zero') then net_share(positive, negative, told).high end::decimal(18, 6) as high,
    case when state <> 'not_measured' and not is_single then net end::bigint as numerator,
    case when is_single then 0 else told end::bigint as sample_size,
    state,
    coalesce(not_measured_why, case when is_single then 'single remarks' end, not_covered_why)::varchar as reason
from states
