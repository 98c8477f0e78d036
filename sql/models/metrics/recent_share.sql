{{ config(touched="month >= {from}", reads={"months": 11, "reviews": 11}) }}
-- one row per practice, site and month
with received as (
    select
        practice_id,
        site,
        month,
        count(*) as reviews
    from {{ ref('reviews') }}
    where counted
    group by practice_id, site, month
),

windows as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        coalesce(sum(received.reviews) over of_three, 0)::bigint as of_three_months,
        coalesce(sum(received.reviews) over of_twelve, 0)::bigint as of_twelve_months
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
),

shares as (
    select
        practice_id,
        site,
        month,
        of_three_months as numerator,
        of_twelve_months as sample_size,
        not_covered_why as reason,
        case when of_twelve_months = 0 then not_covered_why end as not_measured_why
    from windows
)

{{ share_figures('shares') }}
