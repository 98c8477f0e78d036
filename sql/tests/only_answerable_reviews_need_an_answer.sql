-- one row per review in the list that is gone, answered, too good, or on a site without replies
select
    needs_answer.practice_id,
    needs_answer.month,
    needs_answer.source,
    needs_answer.site,
    needs_answer.item_id
from {{ ref('needs_answer') }} as needs_answer
left join {{ ref('answerable_reviews') }} as answerable
    on
        needs_answer.source = answerable.source
        and needs_answer.site = answerable.site
        and needs_answer.practice_id = answerable.practice_id
        and needs_answer.item_id = answerable.item_id
left join {{ ref('reviews') }} as reviews
    on
        needs_answer.source = reviews.source
        and needs_answer.site = reviews.site
        and needs_answer.practice_id = reviews.practice_id
        and needs_answer.item_id = reviews.item_id
where
    answerable.item_id is null
    or answerable.first_reply_at is not null
    or answerable.removed_on is not null
    or coalesce(reviews.score_stars, 5) > 3
    or needs_answer.days_waiting not between 0 and 90
