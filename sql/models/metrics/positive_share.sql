{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with high_ratings as (
    select
        practice_id,
        site,
        month,
        star_counts[4] + star_counts[5] as numerator,
        rated as sample_size,
        not_covered_why as reason,
        case when rated = 0 then not_covered_why end as not_measured_why
    from {{ ref('month_stars') }}
)

{{ share_figures('high_ratings') }}
