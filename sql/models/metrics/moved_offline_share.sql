{{ config(touched="month >= {from}", reads={"reviews": 2, "replies": 2}) }}
-- one row per practice, site and month
with answers_in_spans as (
    select
        reviews.practice_id,
        reviews.site,
        reviews.item_id,
        reviews.source,
        reviews.created_local,
        reviews.removed_on,
        coalesce(star_spans.from_month, reviews.month) as from_month,
        coalesce(star_spans.until_month, '9999-12-01'::date) as until_month,
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
    left join {{ ref('star_spans') }} as star_spans
        on
            {{ same_place('reviews', 'star_spans') }}
            and reviews.item_id = star_spans.item_id
    where {{ as_it_stood('reviews', 'score_stars') }} <= 3
    group by
        reviews.practice_id, reviews.site, reviews.item_id, reviews.source, reviews.created_local, reviews.removed_on,
        reviews.month, star_spans.from_month, star_spans.until_month
),

answers as (
    select *
    from answers_in_spans
    where month >= from_month and month < until_month
),

{{ share_of_recent_answers('moves_offline', 'no reply was judged for what it offers') }}
