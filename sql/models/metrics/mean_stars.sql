{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and part: '' for all reviews, 'without the cluster' where a week has one
with outside_clusters as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        [
            count(*) filter (reviews.stars_of_month = 1 and burst_weeks.week is null),
            count(*) filter (reviews.stars_of_month = 2 and burst_weeks.week is null),
            count(*) filter (reviews.stars_of_month = 3 and burst_weeks.week is null),
            count(*) filter (reviews.stars_of_month = 4 and burst_weeks.week is null),
            count(*) filter (reviews.stars_of_month = 5 and burst_weeks.week is null)
        ] as star_counts,
        count(reviews.stars_of_month) filter (burst_weeks.week is null) as rated,
        coalesce(sum(reviews.stars_of_month) filter (burst_weeks.week is null), 0)::bigint as star_sum
    from {{ ref('months') }} as months
    inner join {{ ref('reviews') }} as reviews
        on
            months.practice_id = reviews.practice_id
            and months.site = reviews.site
            and months.month = reviews.month
            and reviews.counted
    left join {{ ref('burst_weeks') }} as burst_weeks
        on
            reviews.practice_id = burst_weeks.practice_id
            and reviews.site = burst_weeks.site
            and reviews.week = burst_weeks.week
            and burst_weeks.verdict = 'unusual cluster'
    group by months.practice_id, months.site, months.month, months.not_covered_why
    having count(burst_weeks.week) > 0
),

parts as (
    select
        practice_id,
        site,
        month,
        '' as part,
        star_counts,
        rated,
        star_sum,
        not_covered_why
    from {{ ref('month_stars') }}
    union all
    select
        practice_id,
        site,
        month,
        'without the cluster' as part,
        star_counts,
        rated,
        star_sum,
        not_covered_why
    from outside_clusters
)

{{ mean_figures('parts') }}
