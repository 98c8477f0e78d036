{{ config(touched="month >= {from}", reads={"months": 11, "reviews": 11}) }}
-- one row per practice, site and month: the reviews that came in the three and the twelve months that end with it
-- As each was counted in its own month, whatever became of it later.
with received as (
    select
        practice_id,
        site,
        month,
        count(*) as reviews
    from {{ ref('reviews') }}
    where counted
    group by practice_id, site, month
)

select
    months.practice_id,
    months.site,
    months.month,
    months.not_covered_why,
    -- Of a site that is known for less, as many as it is known for.
    (sum(months.days) over of_three)::bigint as days_of_three,
    coalesce(sum(received.reviews) over of_three, 0)::bigint as reviews_of_three,
    coalesce(sum(received.reviews) over of_twelve, 0)::bigint as reviews_of_twelve
from {{ ref('months') }} as months
left join received
    on
        months.practice_id = received.practice_id
        and months.site = received.site
        and months.month = received.month
-- No month is missing from the spine.
window
    of_three as (
        partition by months.practice_id, months.site order by months.month rows between 2 preceding and current row
    ),
    of_twelve as (
        partition by months.practice_id, months.site order by months.month rows between 11 preceding and current row
    )
