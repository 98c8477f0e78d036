{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with states as (
    select
        *,
        case
            when starred = 0 and not_covered_why is not null then 'not_measured'
            when effective_reviews < 5 then 'too_few'
            else 'value'
        end as state,
        dirichlet_mean(star_counts) as interval_95
    from {{ ref('recent_reviews') }}
    where part = ''
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state = 'value' then star_sum / starred_weight end::decimal(18, 6) as value,
    case when state = 'value' then interval_95['low'] end::decimal(18, 6) as low,
    case when state = 'value' then interval_95['high'] end::decimal(18, 6) as high,
    null::bigint as numerator,
    starred::bigint as sample_size,
    state,
    not_covered_why::varchar as reason
from states
