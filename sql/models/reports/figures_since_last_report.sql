{{ config(touched="month >= {from}", reads={"reviews": 1, "month_stars": 1, "reviews_received": 1, "figures": 1}) }}
-- one row per practice, review site, month and metric whose figure of the month before read differently in its report
with nights as (
    select
        *,
        bool_and(since is not null) over (partition by practice_id, site, month) as all_known
    from {{ ref('report_nights') }}
),

-- The reviews of the month before as they were known then; an edit since then changes nothing of that month.
known as (
    select
        nights.practice_id,
        nights.site,
        nights.month,
        reviews.stars_of_month as stars
    from {{ ref('reviews') }} as reviews
    inner join nights
        on
            reviews.source = nights.source
            and reviews.site = nights.site
            and reviews.practice_id = nights.practice_id
            and nights.month = (reviews.month + interval 1 month)::date
            and reviews.first_seen <= nights.since
    -- What had vanished in its own month was in no figure of it.
    anti join {{ ref('absences') }} as absences
        on
            reviews.source = absences.source
            and reviews.site = absences.site
            and reviews.practice_id = absences.practice_id
            and reviews.item_id = absences.item_id
            and nights.since >= absences.absent_on
            and nights.month > absences.absent_on
            -- In one comparison, because an "or" would make each review be compared with every absence.
            and nights.since < coalesce(absences.back_on, 'infinity'::date)
),

counted_then as (
    select
        practice_id,
        site,
        month,
        count(*) as reviews,
        count(stars) as rated,
        count(*) filter (stars <= 2) as low_rated,
        coalesce(sum(stars), 0)::bigint as star_sum,
        [
            count(*) filter (stars = 1), count(*) filter (stars = 2), count(*) filter (stars = 3),
            count(*) filter (stars = 4), count(*) filter (stars = 5)
        ] as star_counts
    from known
    group by practice_id, site, month
),

sites as (
    select
        practice_id,
        site,
        month,
        (month - interval 1 month)::date as of_month,
        min(since) as since,
        max(read_before) as read_before,
        max(listed_before) as listed_before
    from nights
    where all_known
    group by practice_id, site, month
),

months_then as (
    select
        sites.practice_id,
        sites.site,
        sites.month,
        sites.of_month,
        sites.since,
        '' as part,
        coalesce(counted_then.reviews, 0) as number,
        coalesce(counted_then.rated, 0) as rated,
        coalesce(counted_then.low_rated, 0) as low_rated,
        coalesce(counted_then.star_sum, 0) as star_sum,
        coalesce(counted_then.star_counts, [0, 0, 0, 0, 0]) as star_counts,
        {{ reviews_not_covered_why('sites.read_before', 'sites.listed_before', 'sites.month') }} as not_covered_why
    from sites
    left join counted_then
        on
            sites.practice_id = counted_then.practice_id
            and sites.site = counted_then.site
            and sites.month = counted_then.month
),

months_that_differ as (
    select then_.*
    from months_then as then_
    inner join {{ ref('month_stars') }} as month_stars
        on
            then_.practice_id = month_stars.practice_id
            and then_.site = month_stars.site
            and then_.of_month = month_stars.month
    inner join {{ ref('reviews_received') }} as reviews_received
        on
            then_.practice_id = reviews_received.practice_id
            and then_.site = reviews_received.site
            and then_.of_month = reviews_received.month
    where
        then_.number <> reviews_received.sample_size
        or then_.star_counts <> month_stars.star_counts
        or then_.not_covered_why is distinct from month_stars.not_covered_why
),

received as (
    select
        *,
        number as sample_size,
        not_covered_why as not_measured_why
    from months_that_differ
),

low_ratings as (
    select
        *,
        low_rated as numerator,
        rated as sample_size,
        not_covered_why as reason,
        case when rated = 0 then not_covered_why end as not_measured_why
    from months_that_differ
),

figures_then as (
    select
        *,
        'reviews_received' as metric
    from ({{ count_figures('received') }}) as counts
    union all
    select
        *,
        'mean_stars' as metric
    from ({{ mean_figures('months_that_differ') }}) as means
    union all
    select
        *,
        'low_share' as metric
    from ({{ share_figures('low_ratings') }}) as shares
)

select
    figures_then.practice_id,
    figures_then.site,
    figures_then.month,
    figures.metric,
    sites.since,
    figures_then.value as was,
    figures_then.numerator as numerator_was,
    figures_then.sample_size as size_was,
    figures_then.state as state_was,
    figures.value as now,
    figures.numerator as numerator_now,
    figures.sample_size as size_now,
    figures.state as state_now
from figures_then
inner join sites
    on
        figures_then.practice_id = sites.practice_id
        and figures_then.site = sites.site
        and figures_then.month = sites.month
inner join {{ ref('figures') }} as figures
    on
        figures_then.practice_id = figures.practice_id
        and figures_then.site = figures.site
        and sites.of_month = figures.month
        and figures_then.metric = figures.metric
        and figures.part = ''
where
    figures_then.numerator is distinct from figures.numerator
    or figures_then.sample_size <> figures.sample_size
    or figures_then.state <> figures.state
