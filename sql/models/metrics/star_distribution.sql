{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and number of stars (part '1' to '5')
with parts as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        unnest([1, 2, 3, 4, 5])::tinyint as stars
    from {{ ref('months') }} as months
),

counts as (
    select
        parts.practice_id,
        parts.site,
        parts.month,
        parts.stars::varchar as part,
        count(reviews.item_id) as number,
        sum(count(reviews.item_id)) over (partition by parts.practice_id, parts.site, parts.month) as sample_size,
        parts.not_covered_why as not_measured_why
    from parts
    left join {{ ref('reviews') }} as reviews
        on
            parts.practice_id = reviews.practice_id
            and parts.site = reviews.site
            and parts.month = reviews.month
            and parts.stars = reviews.stars_of_month
            and reviews.counted
    group by parts.practice_id, parts.site, parts.month, parts.stars, parts.not_covered_why
)

{{ count_figures('counts') }}
