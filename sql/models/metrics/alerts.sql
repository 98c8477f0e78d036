{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and kind of alert (part)
with kinds as (
    select topic as part
    from {{ ref('topics') }}
    where alert
),

-- A review raises each of its alerts once.
raised as (
    select
        practice_id,
        site,
        month,
        unnest(list_distinct(alerts)) as part
    from {{ ref('reviews') }}
    where counted and judged
),

counts as (
    select
        judged_months.practice_id,
        judged_months.site,
        judged_months.month,
        kinds.part,
        count(raised.part) as number,
        judged_months.judged as sample_size,
        coalesce(judged_months.not_measured_why, judged_months.not_covered_why) as not_measured_why
    from {{ ref('judged_months') }} as judged_months
    cross join kinds
    left join raised
        on
            judged_months.practice_id = raised.practice_id
            and judged_months.site = raised.site
            and judged_months.month = raised.month
            and kinds.part = raised.part
    group by
        judged_months.practice_id, judged_months.site, judged_months.month, kinds.part, judged_months.judged,
        judged_months.not_measured_why, judged_months.not_covered_why
)

{{ count_figures('counts') }}
