{{ config(touched=true) }}
-- one row per "rose" or "fell" without enough reviews, a clear test and a difference in that direction, and one per
-- number of a verdict that rests on single remarks
select
    practice_id,
    site,
    month,
    months,
    metric,
    part,
    this_size,
    previous_size,
    difference,
    p_value,
    p_adjusted,
    verdict
from {{ ref('verdicts') }}
where
    verdict not in ('rose', 'fell', 'no_clear_change', 'too_few', 'not_measured', 'first_month', 'too_early')
    or (is_hidden and coalesce(this_value, previous_value, difference, p_value, p_adjusted) is not null)
    or (is_hidden and metric <> 'topic_mentions')
    or (
        verdict in ('rose', 'fell')
        and metric <> 'reviews_received'
        and least(this_size, previous_size) < 5
    )
    or (
        verdict in ('rose', 'fell')
        and not is_hidden
        and (
            p_value is null
            or p_value > 0.05
            or p_adjusted > 0.10
            or (metric = 'mean_stars' and abs(difference) < 0.299999)
            or (metric not in ('mean_stars', 'reviews_received') and abs(difference) < 0.149999)
            or (metric <> 'reviews_received' and (verdict = 'rose') <> (difference > 0))
        )
    )
