{{ config(touched="month >= {from}") }}
-- one row per practice, site and month: how many reviews could be judged by their words, how they sound, and why none
-- could
with texts as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        count(*) filter (reviews.judged) as judged,
        count(*) filter (reviews.judged and reviews.sentiment = 'positive') as positive,
        count(*) filter (reviews.judged and reviews.sentiment = 'neutral') as neutral,
        count(*) filter (reviews.judged and reviews.sentiment = 'negative') as negative,
        max(reviews.not_judged_why) filter (reviews.has_text and not reviews.judged) as not_judged_why
    from {{ ref('months') }} as months
    left join {{ ref('reviews') }} as reviews
        on
            months.practice_id = reviews.practice_id
            and months.site = reviews.site
            and months.month = reviews.month
            and reviews.counted
    group by months.practice_id, months.site, months.month, months.not_covered_why
)

select
    practice_id,
    site,
    month,
    judged,
    positive,
    neutral,
    negative,
    not_covered_why,
    case when judged = 0 then coalesce(not_judged_why, not_covered_why) end as not_measured_why
from texts
