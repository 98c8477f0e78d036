{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with cohorts as (
    select
        months.practice_id,
        months.site,
        months.month,
        count(*) filter (answerable.seconds_to_reply <= 7 * 86400) as numerator,
        count(answerable.item_id) as sample_size,
        null::varchar as reason,
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
            -- A warning in place of stars is critical, too.
            and answerable.score_stars_of_month <= 3
            -- Younger than a week it can still be answered in time and is not counted yet, with an answer no more than
            -- without one: to count the quick answers alone would make the share of the last days a whole.
            and answerable.seconds_watched >= 7 * 86400
    group by months.practice_id, months.site, months.month, months.can_reply, months.not_covered_why
)

{{ share_figures('cohorts') }}
