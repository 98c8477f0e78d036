{{ config(touched="week >= {since}", reads={"reviews": "week >= {since} - interval 13 month"}) }}
-- one row per practice, site and week (its Monday) of five reviews or more with twelve weeks on record before it
with weeks as (
    select
        practice_id,
        site,
        week,
        count(*) as reviews,
        count(score_stars) as rated,
        count(*) filter (score_stars <= 2) as low_rated,
        count(*) filter (score_stars = 5) as best_rated
    from {{ ref('reviews') }}
    where counted
    group by practice_id, site, week
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
    select weeks.*
    from weeks
    inner join records
        on
            weeks.practice_id = records.practice_id
            and weeks.site = records.site
            and weeks.week - 84 >= records.first_day
    where weeks.reviews >= 5
),

numbered as (
    select
        practice_id,
        site,
        week,
        unnest(range(1, 13)) as ago
    from busy_weeks
),

histories as (
    select
        numbered.practice_id,
        numbered.site,
        numbered.week,
        -- A week without reviews is a zero, not a gap.
        list(coalesce(weeks.reviews, 0) order by numbered.ago desc) as weeks_before
    from numbered
    left join weeks
        on
            numbered.practice_id = weeks.practice_id
            and numbered.site = weeks.site
            and numbered.week - 7 * numbered.ago::integer = weeks.week
    group by numbered.practice_id, numbered.site, numbered.week
),

years as (
    select
        busy_weeks.practice_id,
        busy_weeks.site,
        busy_weeks.week,
        coalesce(sum(weeks.rated), 0)::bigint as rated_before,
        coalesce(sum(weeks.low_rated), 0)::bigint as low_before,
        coalesce(sum(weeks.best_rated), 0)::bigint as best_before
    from busy_weeks
    left join weeks
        on
            busy_weeks.practice_id = weeks.practice_id
            and busy_weeks.site = weeks.site
            and weeks.week between busy_weeks.week - 364 and busy_weeks.week - 7
    group by busy_weeks.practice_id, busy_weeks.site, busy_weeks.week
),

judged as (
    select
        busy_weeks.*,
        histories.weeks_before,
        years.rated_before,
        years.low_before,
        years.best_before,
        burst(histories.weeks_before, busy_weeks.reviews) as chance,
        fisher_test(years.low_before, years.rated_before, busy_weeks.low_rated, busy_weeks.rated) as low_p,
        fisher_test(years.best_before, years.rated_before, busy_weeks.best_rated, busy_weeks.rated) as best_p
    from busy_weeks
    inner join histories
        on
            busy_weeks.practice_id = histories.practice_id
            and busy_weeks.site = histories.site
            and busy_weeks.week = histories.week
    inner join years
        on
            busy_weeks.practice_id = years.practice_id
            and busy_weeks.site = years.site
            and busy_weeks.week = years.week
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
