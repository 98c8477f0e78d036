-- one row per practice, site, month and part: '' for all reviews, 'without the cluster' where a week has one
with outside_clusters as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        [
            count(*) filter (reviews.stars = 1 and burst_weeks.week is null),
            count(*) filter (reviews.stars = 2 and burst_weeks.week is null),
            count(*) filter (reviews.stars = 3 and burst_weeks.week is null),
            count(*) filter (reviews.stars = 4 and burst_weeks.week is null),
            count(*) filter (reviews.stars = 5 and burst_weeks.week is null)
        ] as star_counts,
        count(reviews.stars) filter (burst_weeks.week is null) as rated,
        coalesce(sum(reviews.stars) filter (burst_weeks.week is null), 0)::bigint as star_sum
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
),

means as (
    select
        *,
        case
            when rated = 0 and not_covered_why is not null then 'not_measured'
            when rated < 5 then 'too_few'
            else 'value'
        end as state,
        dirichlet_mean(star_counts) as interval_95
    from parts
)

select
    practice_id,
    site,
    month,
    part,
    case when state = 'value' then star_sum::decimal(18, 6) / rated end::decimal(18, 6) as value,
    case when state = 'value' then interval_95['low'] end::decimal(18, 6) as low,
    case when state = 'value' then interval_95['high'] end::decimal(18, 6) as high,
    case when state <> 'not_measured' then star_sum end::bigint as numerator,
    rated::bigint as sample_size,
    state,
    not_covered_why::varchar as reason
from means
