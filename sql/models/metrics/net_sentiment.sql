{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with states as (
    select
        *,
        positive - negative as net,
        positive + neutral + negative as told,
        case
            when not_measured_why is not null then 'not_measured'
            when positive + neutral + negative < 10 then 'too_few'
            when positive = negative then 'zero'
            else 'value'
        end as state
    from {{ ref('judged_months') }}
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state in ('value', 'zero') then net::decimal(18, 6) / told end::decimal(18, 6) as value,
    case when state in ('value', 'zero') then net_share(positive, negative, told).low end::decimal(18, 6) as low,
    case when state in ('value', 'zero') then net_share(positive, negative, told).high end::decimal(18, 6) as high,
    case when state <> 'not_measured' then net end::bigint as numerator,
    told::bigint as sample_size,
    state,
    coalesce(
        not_measured_why,
        nullif(
            concat_ws('; ', not_covered_why, case when judged > told then judged - told || ' could not be told' end), ''
        )
    )::varchar as reason
from states
