-- one row per practice, year and site whose terms allow its stars to be combined: how much it weighs in that year
-- The weight is the site's share of the reviews of the year before, as they stood when the year began, so that no
-- month of the year can move it. A site without reviews in the year before joins with the next year. Without any
-- review in the year before a single site weighs everything, and of several nobody can say.
with sites as (
    select
        practice_id,
        site
    from {{ ref('practice_sites') }}
    group by practice_id, site
    having bool_and(blendable) and bool_and(has_reviews) and not bool_or(sampled)
),

years as (
    select distinct
        practice_id,
        date_trunc('year', month)::date as year
    from {{ ref('practice_months') }}
),

counts as (
    select
        years.practice_id,
        years.year,
        sites.site,
        count(reviews.item_id) as reviews_before
    from years
    inner join sites on years.practice_id = sites.practice_id
    left join {{ ref('reviews') }} as reviews
        on
            years.practice_id = reviews.practice_id
            and sites.site = reviews.site
            and reviews.created_local >= years.year - interval 1 year
            and years.year > reviews.created_local
            and reviews.score_stars is not null
            -- Said without "or", with which an outer join compares every year of everybody with every review.
            and years.year <= coalesce(reviews.removed_on, '9999-12-01'::date)
    group by years.practice_id, years.year, sites.site
),

totals as (
    select
        *,
        sum(reviews_before) over (partition by practice_id, year) as all_before,
        count(*) over (partition by practice_id, year) as all_sites
    from counts
)

select
    practice_id,
    year,
    site,
    reviews_before,
    case
        when all_before > 0 then reviews_before::decimal(18, 0) / all_before
        when all_sites = 1 then 1
    end::decimal(18, 12) as weight
from totals
