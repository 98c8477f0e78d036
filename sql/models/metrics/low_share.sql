{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with low_ratings as (
    select
        practice_id,
        site,
        month,
        low_rated as numerator,
        rated as sample_size,
        not_covered_why as reason,
        case when rated = 0 then not_covered_why end as not_measured_why
    from {{ ref('month_stars') }}
)

{{ share_figures('low_ratings') }}
