-- one row per practice and public item (kind, source, site, item_id) that a person should look at, and why: a reply or
-- comment of the practice that may give private details away (these have a severity), or what somebody else wrote that
-- raises an alert
with answers as (
    select
        items.practice_id,
        items.kind,
        items.source,
        items.site,
        items.item_id,
        -- An answer stands in the list of the month of its review and of every month after, as in its figure.
        reviews.month,
        coalesce(items.created_local, replies.first_reply_at)::date as written_on,
        -- An edit may be what gave it away.
        greatest(replies.first_reply_at, items.updated_at)::date as changed_on,
        list_sort(coalesce(items.disclosure_classes, [])) as classes,
        items.disclosure_severity as severity,
        coalesce(items.url, reviews.url) as url,
        reviews.removed_on is null as stands,
        reviews.removed_on is null as counted
    from {{ ref('replies') }} as replies
    inner join {{ ref('items') }} as items
        on
            replies.source = items.source
            and replies.site = items.site
            and replies.practice_id = items.practice_id
            and replies.item_id = items.item_id
            and items.kind = 'reply'
    inner join {{ ref('reviews') }} as reviews
        on
            replies.source = reviews.source
            and replies.site = reviews.site
            and replies.practice_id = reviews.practice_id
            and replies.parent_id = reviews.item_id
    where replies.visible and replies.disclosure = 'pattern'
),

own_comments as (
    select
        items.practice_id,
        items.kind,
        items.source,
        items.site,
        items.item_id,
        date_trunc('month', items.created_local)::date as month,
        items.created_local::date as written_on,
        greatest(items.created_at, items.updated_at)::date as changed_on,
        list_sort(coalesce(items.disclosure_classes, [])) as classes,
        items.disclosure_severity as severity,
        -- Some sites give a comment no address of its own; below its post it can be found.
        coalesce(items.url, posts.url) as url,
        items.removed_on is null as stands,
        items.removed_on is null as counted
    from {{ ref('items') }} as items
    left join {{ ref('items') }} as posts
        on
            items.source = posts.source
            and items.site = posts.site
            and items.practice_id = posts.practice_id
            and coalesce(items.thread_id, items.parent_id) = posts.item_id
            and posts.kind = 'post'
    where
        items.kind = 'comment'
        and items.voice = 'practice'
        and items.disclosure = 'pattern'
        -- Without a word nothing is given away, and the figure does not count it either.
        and items.has_text
        and not coalesce(items.emoji_only, false)
),

alerts as (
    select
        items.practice_id,
        items.kind,
        items.source,
        items.site,
        items.item_id,
        date_trunc('month', items.created_local)::date as month,
        items.created_local::date as written_on,
        items.created_at::date as changed_on,
        list_sort(list_distinct(items.alerts)) as classes,
        null::varchar as severity,
        items.url,
        -- What is gone cannot be looked at, and what a site shows as a sample is in no figure.
        items.removed_on is null as stands,
        items.removed_on is null and coalesce(reviews.counted, true) as counted
    from {{ ref('items') }} as items
    left join {{ ref('reviews') }} as reviews
        on
            items.source = reviews.source
            and items.site = reviews.site
            and items.practice_id = reviews.practice_id
            -- Not a condition of its own, which would make each be compared with every review.
            and case when items.kind = 'review' then items.item_id end = reviews.item_id
    where
        items.kind in ('review', 'comment', 'post')
        and items.voice is distinct from 'practice'
        and len(items.alerts) > 0
)

from answers
union all
from own_comments
union all
from alerts
order by practice_id, month, kind, site, source, item_id
