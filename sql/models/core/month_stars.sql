{{ config(touched="month >= {from}") }}
-- one row per practice, site and month: how many reviews gave 1, 2, 3, 4 and 5 stars
select
    months.practice_id,
    months.site,
    months.month,
    months.not_covered_why,
    [
        count(*) filter (reviews.stars_of_month = 1),
        count(*) filter (reviews.stars_of_month = 2),
        count(*) filter (reviews.stars_of_month = 3),
        count(*) filter (reviews.stars_of_month = 4),
        count(*) filter (reviews.stars_of_month = 5)
    ] as star_counts,
    count(reviews.stars_of_month) as rated,
    count(*) filter (reviews.stars_of_month <= 2) as low_rated,
    coalesce(sum(reviews.stars_of_month), 0)::bigint as star_sum
from {{ ref('months') }} as months
left join {{ ref('reviews') }} as reviews
    on
        months.practice_id = reviews.practice_id
        and months.site = reviews.site
        and months.month = reviews.month
        and reviews.counted
group by months.practice_id, months.site, months.month, months.not_covered_why
