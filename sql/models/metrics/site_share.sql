{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with shares as (
    select
        counts.practice_id,
        counts.site,
        counts.month,
        counts.reviews_of_twelve as numerator,
        case when counts.not_covered_why is null then spread.reviews else counts.reviews_of_twelve end as sample_size,
        spread.left_out as reason,
        counts.not_covered_why as not_measured_why
    from {{ ref('review_counts') }} as counts
    inner join {{ ref('review_spread') }} as spread
        on counts.practice_id = spread.practice_id and counts.month = spread.month
)

{{ share_figures('shares') }}
