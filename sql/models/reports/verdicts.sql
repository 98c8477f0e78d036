-- one row per practice, site, month and metric that is compared with the month before
with figures as (
    select
        figures.practice_id,
        figures.site,
        figures.month,
        figures.metric,
        figures.state,
        figures.reason,
        figures.numerator as number,
        figures.sample_size,
        -- What the number is divided by before two months are compared: reviews, or days for a count.
        case when figures.metric = 'reviews_received' then months.days else figures.sample_size end as exposure,
        month_stars.star_counts
    from {{ ref('figures') }} as figures
    inner join {{ ref('months') }} as months
        on
            figures.practice_id = months.practice_id
            and figures.site = months.site
            and figures.month = months.month
    inner join {{ ref('month_stars') }} as month_stars
        on
            figures.practice_id = month_stars.practice_id
            and figures.site = month_stars.site
            and figures.month = month_stars.month
    where figures.metric in ('mean_stars', 'low_share', 'reviews_received', 'reply_share')
),

pairs as (
    select
        now.*,
        before.number as number_before,
        before.sample_size as sample_size_before,
        before.exposure as exposure_before,
        before.star_counts as star_counts_before,
        now.number * before.exposure - before.number * now.exposure as direction,
        case
            when before.month is null then 'first_month'
            when 'not_measured' in (now.state, before.state) then 'not_measured'
            -- A count that stops with the last read, and a cohort that has had less time, are lower for no reason
            -- of the practice's.
            when
                now.metric = 'reviews_received' and (now.reason is not null or before.reason is not null)
                then 'not_measured'
            when now.metric = 'reviews_received' and least(now.exposure, before.exposure) < 1 then 'not_measured'
            when now.metric = 'reply_share' and 'maturing' in (now.reason, before.reason) then 'not_measured'
            when
                now.metric <> 'reviews_received' and least(now.sample_size, before.sample_size) < 5
                then 'too_few'
        end as not_tested_why
    from figures as now
    left join figures as before
        on
            now.practice_id = before.practice_id
            and now.site = before.site
            and now.metric = before.metric
            and now.month = before.month + interval 1 month
),

tests as (
    select
        practice_id,
        site,
        month,
        metric,
        case metric
            when 'mean_stars' then permutation_test(star_counts_before, star_counts)
            when 'reviews_received' then count_test(number_before, exposure_before, number, exposure)
            else fisher_test(number_before, exposure_before, number, exposure)
        end as p_value
    from pairs
    where not_tested_why is null
),

families as (
    select
        practice_id,
        month,
        unnest(list(site order by site, metric)) as site,
        unnest(list(metric order by site, metric)) as metric,
        unnest(list(p_value order by site, metric)) as p_value,
        unnest(benjamini_hochberg(list(p_value order by site, metric))) as p_adjusted
    from tests
    group by practice_id, month
),

values_of_pairs as (
    select
        pairs.*,
        families.p_value,
        families.p_adjusted,
        case
            when pairs.metric = 'reviews_received' then pairs.number::double
            else pairs.number / nullif(pairs.sample_size, 0)
        end as this_value,
        case
            when pairs.metric = 'reviews_received' then pairs.number_before::double
            else pairs.number_before / nullif(pairs.sample_size_before, 0)
        end as previous_value,
        -- 0.3 stars or 15 points of share, in whole numbers so that exactly 0.3 counts; a count has no least size.
        case pairs.metric
            when 'mean_stars' then 10 * abs(pairs.direction) >= 3 * pairs.exposure * pairs.exposure_before
            when 'reviews_received' then true
            else 100 * abs(pairs.direction) >= 15 * pairs.exposure * pairs.exposure_before
        end as is_large
    from pairs
    left join families
        on
            pairs.practice_id = families.practice_id
            and pairs.month = families.month
            and pairs.site = families.site
            and pairs.metric = families.metric
)

select
    practice_id,
    site,
    month,
    metric,
    this_value::decimal(18, 6) as this_value,
    previous_value::decimal(18, 6) as previous_value,
    sample_size as this_size,
    sample_size_before as previous_size,
    (this_value - previous_value)::decimal(18, 6) as difference,
    p_value::decimal(18, 6) as p_value,
    p_adjusted::decimal(18, 6) as p_adjusted,
    case
        when not_tested_why is not null then not_tested_why
        when not (p_value < 0.05 and p_adjusted <= 0.10 and is_large) then 'no_clear_change'
        when direction > 0 then 'rose'
        else 'fell'
    end as verdict
from values_of_pairs
