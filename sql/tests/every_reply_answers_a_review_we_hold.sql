{{ config(severity='warn') }}
-- one row per reply whose review was never seen, so that it counts for nothing
select
    replies.source,
    replies.site,
    replies.practice_id,
    replies.item_id
from {{ ref('replies') }} as replies
left join {{ ref('reviews') }} as reviews
    on
        replies.source = reviews.source
        and replies.site = reviews.site
        and replies.practice_id = reviews.practice_id
        and replies.parent_id = reviews.item_id
where reviews.item_id is null
