{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with states as (
    select
        *,
        case
            when reviews_of_three > 0 then 'value'
            when not_covered_why is null then 'zero'
            else 'not_measured'
        end as state,
        poisson(reviews_of_three) as interval_95
    from {{ ref('review_counts') }}
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state <> 'not_measured' then reviews_of_three * 30::decimal(18, 6) / days_of_three end::decimal(18, 6)
        as value,
    -- Where days were not read there may be any number of others, so only what was seen is told.
    case when not_covered_why is null then interval_95['low'] * 30 / days_of_three end::decimal(18, 6) as low,
    case when not_covered_why is null then interval_95['high'] * 30 / days_of_three end::decimal(18, 6) as high,
    case when state <> 'not_measured' then reviews_of_three end::bigint as numerator,
    reviews_of_three::bigint as sample_size,
    state,
    not_covered_why::varchar as reason
from states
