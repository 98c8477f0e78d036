-- one row per practice, site and month
with means as (
    select
        practice_id,
        site,
        month,
        star_sum,
        rated,
        not_covered_why,
        case
            when rated = 0 and not_covered_why is not null then 'not_measured'
            when rated < 5 then 'too_few'
            else 'value'
        end as state,
        dirichlet_mean(star_counts) as interval_95
    from {{ ref('month_stars') }}
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state = 'value' then star_sum::decimal(18, 6) / rated end::decimal(18, 6) as value,
    case when state = 'value' then interval_95['low'] end::decimal(18, 6) as low,
    case when state = 'value' then interval_95['high'] end::decimal(18, 6) as high,
    case when state <> 'not_measured' then star_sum end::bigint as numerator,
    rated::bigint as sample_size,
    state,
    not_covered_why::varchar as reason
from means
