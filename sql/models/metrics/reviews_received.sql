{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with counts as (
    select
        months.practice_id,
        months.site,
        months.month,
        '' as part,
        count(reviews.item_id) as number,
        count(reviews.item_id) as sample_size,
        months.not_covered_why as not_measured_why
    from {{ ref('months') }} as months
    left join {{ ref('reviews') }} as reviews
        on
            months.practice_id = reviews.practice_id
            and months.site = reviews.site
            and months.month = reviews.month
            and reviews.counted
    group by months.practice_id, months.site, months.month, months.not_covered_why
)

{{ count_figures('counts') }}
