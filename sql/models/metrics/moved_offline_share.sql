{{ config(touched="month >= {from}", reads={"reviews": 2, "replies": 2}) }}
-- one row per practice, site and month
with answers as (
    select
        reviews.practice_id,
        reviews.site,
        reviews.item_id,
        reviews.source,
        reviews.created_local,
        reviews.removed_on,
        -- One answer that offers is an offer; where none was judged it is not known.
        bool_or(replies.moves_offline) as moves_offline,
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
    where reviews.stars <= 3
    group by
        reviews.practice_id, reviews.site, reviews.item_id, reviews.source, reviews.created_local, reviews.removed_on,
        reviews.month
),

{{ share_of_recent_answers('moves_offline', 'no reply was judged for what it offers') }}
