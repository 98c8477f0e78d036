{{ config(read="month >= {from}") }}
-- one row per review on a site where a practice can answer: source, site, practice_id, item_id
with visible_replies as (
    select
        source,
        site,
        practice_id,
        parent_id,
        min(first_reply_at) as first_reply_at
    from {{ ref('replies') }}
    where visible
    group by source, site, practice_id, parent_id
)

select
    reviews.source,
    reviews.site,
    reviews.practice_id,
    reviews.item_id,
    reviews.month,
    reviews.created_local,
    reviews.stars,
    reviews.score_stars_of_month,
    reviews.counted,
    reviews.removed_on,
    visible_replies.first_reply_at,
    -- greatest() would make a zero of no reply at all.
    case
        when visible_replies.first_reply_at is not null
            then
                greatest(
                    0,
                    date_diff(
                        'second',
                        coalesce(reviews.created_at, reviews.created_local),
                        visible_replies.first_reply_at
                    )
                )
    end as seconds_to_reply,
    greatest(0, date_diff('second', reviews.created_local, build.as_of_night::timestamp)) as seconds_watched
from {{ ref('reviews') }} as reviews
inner join {{ ref('practice_sites') }} as practice_sites
    on
        reviews.source = practice_sites.source
        and reviews.site = practice_sites.site
        and reviews.practice_id = practice_sites.practice_id
        and practice_sites.can_reply
left join visible_replies
    on
        reviews.source = visible_replies.source
        and reviews.site = visible_replies.site
        and reviews.practice_id = visible_replies.practice_id
        and reviews.item_id = visible_replies.parent_id
cross join {{ ref('build') }} as build
