{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with states as (
    select
        *,
        case
            when starred = 0 and not_covered_why is not null then 'not_measured'
            when starred = 0 then 'zero'
            else 'value'
        end as state
    from {{ ref('recent_reviews') }}
    where part = ''
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state <> 'not_measured' then effective_reviews end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    null::bigint as numerator,
    starred::bigint as sample_size,
    state,
    not_covered_why::varchar as reason
from states
