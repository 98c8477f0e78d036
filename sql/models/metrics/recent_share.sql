{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with shares as (
    select
        practice_id,
        site,
        month,
        reviews_of_three as numerator,
        reviews_of_twelve as sample_size,
        not_covered_why as reason,
        case when reviews_of_twelve = 0 then not_covered_why end as not_measured_why
    from {{ ref('review_counts') }}
)

{{ share_figures('shares') }}
