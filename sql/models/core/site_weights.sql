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

dated as (
    select
        source,
        site,
        practice_id,
        item_id,
        score_stars,
        removed_on,
        (date_trunc('year', created_local) + interval 1 year)::date as next_year
    from {{ ref('reviews') }}
),

rated as (
    select dated.*
    from dated
    left join {{ ref('star_spans') }} as star_spans
        on
            {{ same_place('dated', 'star_spans') }}
            and dated.item_id = star_spans.item_id
            and dated.next_year > star_spans.from_month
            and dated.next_year <= star_spans.until_month
    where {{ as_it_stood('dated', 'score_stars') }} is not null
),

counts as (
    select
        years.practice_id,
        years.year,
        sites.site,
        count(rated.item_id) as reviews_before
    from years
    inner join sites on years.practice_id = sites.practice_id
    left join rated
        on
            years.practice_id = rated.practice_id
            and sites.site = rated.site
            and years.year = rated.next_year
            -- Said without "or", with which an outer join compares every year of everybody with every review.
            and years.year <= coalesce(rated.removed_on, '9999-12-01'::date)
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
