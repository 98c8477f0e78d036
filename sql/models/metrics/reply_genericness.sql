{{ config(
    touched="month >= {since}",
    reads={
        "months": "month >= {since}",
        "reviews": "month >= {since} - interval 3 month",
        "replies": "first_seen >= {since} - interval 4 month",
    },
) }}
-- one row per practice, site and month
with answers as (
    select
        reviews.practice_id,
        reviews.site,
        reviews.created_local,
        reviews.removed_on,
        replies.item_id,
        replies.generic,
        -- The months whose 90 days the review can be in.
        (reviews.month + to_months(unnest(range(0, 4))::integer))::date as month
    from {{ ref('reviews') }} as reviews
    inner join {{ ref('replies') }} as replies
        on
            reviews.source = replies.source
            and reviews.site = replies.site
            and reviews.practice_id = replies.practice_id
            and reviews.item_id = replies.parent_id
            and replies.visible
),

recent_answers as (
    select *
    from answers
    where
        month + interval 1 month - interval 90 day <= created_local
        and month + interval 1 month > created_local
        and (removed_on is null or month + interval 1 month <= removed_on)
),

counts as (
    select
        months.practice_id,
        months.site,
        months.month,
        count(*) filter (answers.generic and months.can_reply) as numerator,
        count(answers.generic) filter (months.can_reply) as sample_size,
        months.not_covered_why as reason,
        case
            when not months.can_reply then 'replies cannot be read on this site'
            when count(answers.generic) > 0 then null
            when count(answers.item_id) > 0 then 'the replies were not compared with one another'
            else months.not_covered_why
        end as not_measured_why
    from {{ ref('months') }} as months
    left join recent_answers as answers
        on
            months.practice_id = answers.practice_id
            and months.site = answers.site
            and months.month = answers.month
    group by months.practice_id, months.site, months.month, months.can_reply, months.not_covered_why
)

{{ share_figures('counts') }}
