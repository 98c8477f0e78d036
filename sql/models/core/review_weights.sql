{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and kind of review (see the keys): what its reviews weigh on the month's last day
-- A review whose stars are edited later is a row of its own for each span of months with the same stars.
-- The months that rest on them take these sums, so that no review is read again for each of 24 months.
with safe_answers as (
    select
        reviews.source,
        reviews.site,
        reviews.practice_id,
        reviews.item_id,
        max(coalesce(date_trunc('month', replies.removed_on)::date, '9999-12-01'::date)) as gone_month
    from {{ ref('reviews') }} as reviews
    inner join {{ ref('replies') }} as replies
        on
            reviews.source = replies.source
            and reviews.site = replies.site
            and reviews.practice_id = replies.practice_id
            and reviews.item_id = replies.parent_id
    where
        coalesce(replies.state, 'approved') = 'approved'
        and replies.disclosure is distinct from 'pattern'
        and date_diff('second', coalesce(reviews.created_at, reviews.created_local), replies.first_reply_at)
        <= 7 * 86400
    group by reviews.source, reviews.site, reviews.practice_id, reviews.item_id
),

weighed as (
    select
        reviews.practice_id,
        reviews.site,
        reviews.month,
        -- The months at whose ends it stands with these stars, and the one from which on its answer is gone.
        greatest(reviews.month, coalesce(star_spans.from_month, reviews.month)) as from_month,
        least(
            coalesce(date_trunc('month', reviews.removed_on)::date, '9999-12-01'::date),
            coalesce(star_spans.until_month, '9999-12-01'::date)
        ) as gone_month,
        safe_answers.gone_month as answer_gone_month,
        {{ as_it_stood('reviews', 'stars') }} is not null as by_stars,
        coalesce(burst_weeks.verdict = 'unusual cluster', false) as in_cluster,
        -- A week must have gone by before a critical review counts as one that nobody answered.
        {{ as_it_stood('reviews', 'score_stars') }} <= 3 and ages.age >= 7 as is_due,
        -- The month from whose end on its owner's word is that it needs no public answer.
        date_trunc('month', handled_privately.handled_on)::date as handled_month,
        {{ as_it_stood('reviews', 'score_stars') }} as score_stars,
        ages.weight,
        ages.weight_squared
    from {{ ref('reviews') }} as reviews
    inner join {{ ref('ages') }} as ages
        on (last_day(reviews.month) - reviews.created_local::date) = ages.age
    left join {{ ref('star_spans') }} as star_spans
        on
            {{ same_place('reviews', 'star_spans') }}
            and reviews.item_id = star_spans.item_id
            and reviews.month < star_spans.until_month
    left join safe_answers
        on
            reviews.source = safe_answers.source
            and reviews.site = safe_answers.site
            and reviews.practice_id = safe_answers.practice_id
            and reviews.item_id = safe_answers.item_id
    left join {{ ref('handled_privately') }} as handled_privately
        on
            reviews.source = handled_privately.source
            and reviews.site = handled_privately.site
            and reviews.practice_id = handled_privately.practice_id
            and reviews.item_id = handled_privately.item_id
            and handled_privately.kind = 'review'
    left join {{ ref('burst_weeks') }} as burst_weeks
        on
            reviews.practice_id = burst_weeks.practice_id
            and reviews.site = burst_weeks.site
            and reviews.week = burst_weeks.week
    where reviews.counted and {{ as_it_stood('reviews', 'score_stars') }} is not null
)

select
    practice_id,
    site,
    month,
    from_month,
    gone_month,
    answer_gone_month,
    by_stars,
    in_cluster,
    score_stars,
    is_due,
    handled_month,
    count(*) as reviews,
    sum(weight)::decimal(20, 12) as weight,
    sum(weight_squared)::decimal(20, 12) as weight_squared
from weighed
group by
    practice_id, site, month, from_month, gone_month, answer_gone_month, by_stars, in_cluster, score_stars, is_due,
    handled_month
