{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with compared as (
    select
        practice_id,
        site,
        month,
        count(*) as reviews,
        count(*) filter (contradicts_stars) as disagree
    from {{ ref('reviews') }}
    where counted and judged and contradicts_stars is not null
    group by practice_id, site, month
),

counts as (
    select
        judged_months.practice_id,
        judged_months.site,
        judged_months.month,
        '' as part,
        coalesce(compared.disagree, 0) as number,
        coalesce(compared.reviews, 0) as sample_size,
        coalesce(judged_months.not_measured_why, judged_months.not_covered_why) as not_measured_why
    from {{ ref('judged_months') }} as judged_months
    left join compared
        on
            judged_months.practice_id = compared.practice_id
            and judged_months.site = compared.site
            and judged_months.month = compared.month
)

{{ count_figures('counts') }}
