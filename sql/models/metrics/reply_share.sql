{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with cohorts as (
    select
        months.practice_id,
        months.site,
        months.month,
        count(*) filter (answerable.seconds_to_reply <= 30 * 86400) as numerator,
        count(answerable.item_id) as sample_size,
        case when months.as_of_night < months.next_month + interval 30 day then 'maturing' end as reason,
        case
            when not months.can_reply then 'replies cannot be read on this site'
            when count(answerable.item_id) = 0 then months.not_covered_why
        end as not_measured_why
    from {{ ref('months') }} as months
    left join {{ ref('answerable_reviews') }} as answerable
        on
            months.practice_id = answerable.practice_id
            and months.site = answerable.site
            and months.month = answerable.month
            and answerable.counted
    group by
        months.practice_id, months.site, months.month, months.next_month, months.as_of_night, months.can_reply,
        months.not_covered_why
)

{{ share_figures('cohorts') }}
