{{ config(touched="week >= {from}", reads={"reviews": 12, "months": 3}) }}
-- one row per practice, site and week (its Monday) of five reviews or more with twelve weeks on record before it
with weeks as (
    select
        practice_id,
        site,
        week,
        count(*) as reviews,
        count(score_stars_of_month) as rated,
        count(*) filter (score_stars_of_month <= 2) as low_rated,
        count(*) filter (score_stars_of_month = 5) as best_rated
    from {{ ref('reviews') }}
    where counted
    group by practice_id, site, week
),

-- With the year before each, up to its last whole week.
years as (
    select
        *,
        coalesce(sum(rated) over year_before, 0)::bigint as rated_before,
        coalesce(sum(low_rated) over year_before, 0)::bigint as low_before,
        coalesce(sum(best_rated) over year_before, 0)::bigint as best_before
    from weeks
    window year_before as (
        partition by practice_id, site
        order by week
        range between interval 364 day preceding and interval 7 day preceding
    )
),

records as (
    select
        practice_id,
        site,
        min(month) as first_day
    from {{ ref('months') }}
    group by practice_id, site
),

busy_weeks as (
    select years.*
    from years
    inner join records
        on
            years.practice_id = records.practice_id
            and years.site = records.site
            and years.week - 84 >= records.first_day
    where years.reviews >= 5
),

numbers as (
    select unnest(range(1, 13))::integer as ago
),

histories as (
    select
        busy_weeks.*,
        -- A week without reviews is a zero, not a gap.
        list(coalesce(weeks.reviews, 0) order by numbers.ago desc) as weeks_before
    from busy_weeks
    cross join numbers
    left join weeks
        on
            busy_weeks.practice_id = weeks.practice_id
            and busy_weeks.site = weeks.site
            and busy_weeks.week - 7 * numbers.ago = weeks.week
    group by all
),

judged as (
    select
        *,
        burst(weeks_before, reviews) as chance,
        fisher_test(low_before, rated_before, low_rated, rated) as low_p,
        fisher_test(best_before, rated_before, best_rated, rated) as best_p
    from histories
),

leanings as (
    select
        *,
        case
            when low_p < 0.01 and low_rated * rated_before > low_before * rated then 'low'
            when best_p < 0.01 and best_rated * rated_before > best_before * rated then 'best'
        end as leaning
    from judged
)

select
    practice_id,
    site,
    week,
    reviews,
    weeks_before,
    rated,
    low_rated,
    best_rated,
    rated_before,
    low_before,
    best_before,
    chance['gamma_poisson']::decimal(18, 12) as p_gamma_poisson,
    chance['negative_binomial']::decimal(18, 12) as p_negative_binomial,
    low_p::decimal(18, 12) as p_low,
    best_p::decimal(18, 12) as p_best,
    leaning,
    case
        when chance['unusual'] and leaning is not null then 'unusual cluster'
        when chance['unusual'] then 'unusual number'
    end as verdict
from leanings
