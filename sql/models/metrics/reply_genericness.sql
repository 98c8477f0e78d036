{{ config(touched="month >= {from}", reads={"reviews": 2, "replies": 2}) }}
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

{{ share_of_recent_answers('generic', 'the replies were not compared with one another') }}
