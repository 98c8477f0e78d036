{{ config(touched="month >= {from}", reads={"review_weights": 23}) }}
-- one row per practice, site, month and part: the reviews of 24 months, each weighed by its age on the month's last day
-- Part '' holds them all, part 'without the cluster' only those of no unusual cluster, where there is one.
with cells as (
    select
        *,
        -- Named one by one, because a join on "within 24 months" compares every month with every other.
        (month + to_months(unnest(range(0, 24))::integer))::date as counting_month
    from {{ ref('review_weights') }}
),

weighed as (
    select
        months.practice_id,
        months.site,
        months.month,
        cells.score_stars,
        cells.by_stars,
        cells.in_cluster,
        cells.reviews,
        cells.weight * ages.weight as weight,
        cells.weight_squared * ages.weight_squared as weight_squared,
        cells.month > months.month - interval 12 month as of_twelve_months,
        -- In an earlier month every review is older than a week by now.
        months.can_reply and cells.score_stars <= 3 and (cells.is_due or cells.month < months.month) as is_due,
        coalesce(cells.answer_gone_month > months.month, false) as is_answered,
        coalesce(cells.handled_month <= months.month, false) as is_handled
    from {{ ref('months') }} as months
    inner join cells
        on
            months.practice_id = cells.practice_id
            and months.site = cells.site
            and months.month = cells.counting_month
            and months.month >= cells.from_month
            and months.month < cells.gone_month
    inner join {{ ref('ages') }} as ages
        on (last_day(months.month) - last_day(cells.month)) = ages.age
),

clustered_months as (
    select distinct
        practice_id,
        site,
        month
    from weighed
    where in_cluster
),

parts as (
    select
        *,
        '' as part
    from weighed
    union all
    select
        weighed.*,
        'without the cluster' as part
    from weighed
    inner join clustered_months
        on
            weighed.practice_id = clustered_months.practice_id
            and weighed.site = clustered_months.site
            and weighed.month = clustered_months.month
    where not weighed.in_cluster
),

sums as (
    select
        practice_id,
        site,
        month,
        part,
        sum(reviews)::bigint as reviews,
        coalesce(sum(reviews) filter (of_twelve_months), 0)::bigint as reviews_of_year,
        coalesce(sum(reviews) filter (by_stars), 0)::bigint as starred,
        [
            coalesce(sum(weight) filter (score_stars = 1), 0),
            coalesce(sum(weight) filter (score_stars = 2), 0),
            coalesce(sum(weight) filter (score_stars = 3), 0),
            coalesce(sum(weight) filter (score_stars = 4), 0),
            coalesce(sum(weight) filter (score_stars = 5), 0)
        ]::decimal(18, 12)[] as counts,
        [
            coalesce(sum(weight) filter (by_stars and score_stars = 1), 0),
            coalesce(sum(weight) filter (by_stars and score_stars = 2), 0),
            coalesce(sum(weight) filter (by_stars and score_stars = 3), 0),
            coalesce(sum(weight) filter (by_stars and score_stars = 4), 0),
            coalesce(sum(weight) filter (by_stars and score_stars = 5), 0)
        ]::decimal(18, 12)[] as star_counts,
        sum(weight)::decimal(18, 12) as weight,
        coalesce(sum(weight) filter (by_stars), 0)::decimal(18, 12) as starred_weight,
        coalesce(sum(weight_squared) filter (by_stars), 0)::decimal(18, 12) as starred_weight_squared,
        coalesce(sum(weight * score_stars) filter (by_stars), 0)::decimal(18, 12) as star_sum,
        coalesce(sum(weight) filter (is_due and not is_handled), 0)::decimal(18, 12) as critical,
        coalesce(sum(weight) filter (is_due and not is_handled and is_answered), 0)::decimal(18, 12) as answered,
        coalesce(sum(reviews) filter (is_due and is_handled), 0)::bigint as handled
    from parts
    group by practice_id, site, month, part
),

spine as (
    select
        practice_id,
        site,
        month,
        not_covered_why,
        '' as part
    from {{ ref('months') }}
    union all
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        'without the cluster' as part
    from {{ ref('months') }} as months
    inner join clustered_months
        on
            months.practice_id = clustered_months.practice_id
            and months.site = clustered_months.site
            and months.month = clustered_months.month
)

select
    spine.practice_id,
    spine.site,
    spine.month,
    spine.part,
    spine.not_covered_why,
    coalesce(sums.reviews, 0) as reviews,
    coalesce(sums.reviews_of_year, 0) as reviews_of_year,
    coalesce(sums.starred, 0) as starred,
    coalesce(sums.counts, [0, 0, 0, 0, 0]::decimal(18, 12)[]) as counts,
    coalesce(sums.star_counts, [0, 0, 0, 0, 0]::decimal(18, 12)[]) as star_counts,
    coalesce(sums.weight, 0)::decimal(18, 12) as weight,
    coalesce(sums.starred_weight, 0)::decimal(18, 12) as starred_weight,
    effective_number(
        coalesce(sums.starred_weight, 0), coalesce(sums.starred_weight_squared, 0)
    )::decimal(18, 6) as effective_reviews,
    coalesce(sums.star_sum, 0)::decimal(18, 12) as star_sum,
    coalesce(sums.critical, 0)::decimal(18, 12) as critical,
    coalesce(sums.answered, 0)::decimal(18, 12) as answered,
    coalesce(sums.handled, 0) as handled
from spine
left join sums
    on
        spine.practice_id = sums.practice_id
        and spine.site = sums.site
        and spine.month = sums.month
        and spine.part = sums.part
