-- one row per practice, month and review that waits for an answer, as known on the night of the build
with parts as (
    select
        practice_id,
        source,
        site,
        item_id,
        unnest(topics).topic as topic,
        unnest(topics).polarity as polarity
    from {{ ref('reviews') }}
),

criticised as (
    select
        practice_id,
        source,
        site,
        item_id,
        list_sort(list(distinct topic)) as topics
    from parts
    where polarity = 'negative'
    group by practice_id, source, site, item_id
)

select
    reviews.practice_id,
    months.month,
    reviews.source,
    reviews.site,
    reviews.item_id,
    reviews.url,
    reviews.created_local::date as written_on,
    -- Where a site asks whether one recommends there are none, and a warning counts as one star.
    reviews.stars,
    reviews.score_stars,
    (months.as_of_night - reviews.created_local::date)::integer as days_waiting,
    reviews.has_text,
    -- what it criticises, for the choice of a general reply, and whether a person must read it before any reply
    coalesce(criticised.topics, []) as criticised,
    coalesce(len(reviews.alerts), 0) > 0 as has_alert
from {{ ref('reviews') }} as reviews
inner join {{ ref('answerable_reviews') }} as answerable
    on
        reviews.source = answerable.source
        and reviews.site = answerable.site
        and reviews.practice_id = answerable.practice_id
        and reviews.item_id = answerable.item_id
-- A review is in the list of the month it was written in and of every month after.
inner join {{ ref('months') }} as months
    on
        reviews.practice_id = months.practice_id
        and reviews.site = months.site
        and reviews.month <= months.month
anti join {{ ref('handled_privately') }} as handled_privately
    on
        reviews.source = handled_privately.source
        and reviews.site = handled_privately.site
        and reviews.practice_id = handled_privately.practice_id
        and reviews.item_id = handled_privately.item_id
        and months.as_of_night >= handled_privately.handled_on
        and handled_privately.kind = 'review'
left join criticised
    on
        reviews.practice_id = criticised.practice_id
        and reviews.source = criticised.source
        and reviews.site = criticised.site
        and reviews.item_id = criticised.item_id
where
    reviews.score_stars <= 3
    and reviews.removed_on is null
    and answerable.first_reply_at is null
    and reviews.created_local::date between months.as_of_night - 90 and months.as_of_night
order by
    reviews.practice_id asc, months.month asc, reviews.score_stars asc, written_on desc, reviews.site asc,
    reviews.source asc, reviews.item_id asc
