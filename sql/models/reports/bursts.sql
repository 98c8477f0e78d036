{{ config(touched="month >= {from}") }}
-- one row per practice, site, week of unusually many reviews, and month that the week reaches into
select
    burst_weeks.practice_id,
    burst_weeks.site,
    reviews.month,
    burst_weeks.week,
    burst_weeks.verdict,
    burst_weeks.leaning,
    burst_weeks.reviews,
    count(*) as reviews_in_month,
    burst_weeks.weeks_before,
    burst_weeks.rated,
    burst_weeks.low_rated,
    burst_weeks.best_rated,
    burst_weeks.rated_before,
    burst_weeks.low_before,
    burst_weeks.best_before,
    burst_weeks.p_gamma_poisson,
    burst_weeks.p_negative_binomial,
    burst_weeks.p_low,
    burst_weeks.p_best
from {{ ref('burst_weeks') }} as burst_weeks
inner join {{ ref('reviews') }} as reviews
    on
        burst_weeks.practice_id = reviews.practice_id
        and burst_weeks.site = reviews.site
        and burst_weeks.week = reviews.week
        and reviews.counted
where burst_weeks.verdict is not null
group by all
