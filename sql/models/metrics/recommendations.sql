-- one row per practice, site and month
with recommending_sites as (
    select distinct
        practice_id,
        site
    from {{ ref('reviews') }}
    where state_of_month in ('recommended', 'not_recommended')
),

counts as (
    select
        months.practice_id,
        months.site,
        months.month,
        count(*) filter (reviews.state_of_month = 'recommended') as numerator,
        count(reviews.item_id) as sample_size,
        months.not_covered_why as reason,
        case
            when recommending_sites.site is null then 'nobody has been seen to recommend or warn on this site'
            when count(reviews.item_id) = 0 then months.not_covered_why
        end as not_measured_why
    from {{ ref('months') }} as months
    left join recommending_sites
        on months.practice_id = recommending_sites.practice_id and months.site = recommending_sites.site
    left join {{ ref('reviews') }} as reviews
        on
            months.practice_id = reviews.practice_id
            and months.site = reviews.site
            and months.month = reviews.month
            and reviews.counted
            and reviews.state_of_month in ('recommended', 'not_recommended')
    group by
        months.practice_id, months.site, months.month, months.not_covered_why, recommending_sites.site
)

{{ share_figures('counts') }}
