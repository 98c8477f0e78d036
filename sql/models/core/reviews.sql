{{ config(touched="first_seen >= {from}", read="first_seen >= {from} or removed_on >= {from}") }}
-- one row per review: source, site, practice_id, item_id; as last seen, and its stars at the end of its own month too
select
    items.source,
    items.site,
    items.practice_id,
    items.item_id,
    items.stars,
    items.state,
    {{ score_stars('items.stars', 'items.state') }} as score_stars,
    -- An edit counts from its own month on: what an earlier report printed of the month a review was written in stays
    -- true.
    {{ as_it_stood('items', 'stars') }} as stars_of_month,
    {{ as_it_stood('items', 'state') }} as state_of_month,
    case
        when star_spans.item_id is null then {{ score_stars('items.stars', 'items.state') }} else star_spans.score_stars
    end as score_stars_of_month,
    items.created_at,
    items.created_local,
    date_trunc('month', items.created_local)::date as month,
    date_trunc('week', items.created_local)::date as week,
    items.first_seen,
    items.last_seen,
    items.removed_on,
    -- And so does a review that the platform removes: it leaves the figures from the month of its removal.
    -- A sample that the platform has chosen is no count and no mean of anything.
    (items.removed_on is null or date_trunc('month', items.removed_on) > date_trunc('month', items.created_local))
    and not coalesce(sources.sampled, false) as counted,
    items.versions,
    items.has_text,
    items.words,
    items.emoji_only,
    items.language,
    items.text_key,
    items.author_key,
    coalesce(items.sentiment, 'not_checked') <> 'not_checked' as judged,
    case
        when items.sentiment is null then 'what is written on this site is not judged'
        when items.sentiment = 'not_checked' then 'no text in a language whose judgement was measured'
    end as not_judged_why,
    items.sentiment,
    items.contradicts_stars,
    items.topics,
    items.alerts,
    items.acts,
    items.voice,
    items.url,
    items.page,
    items.position
from {{ ref('items') }} as items
left join {{ ref('sources') }} as sources on items.source = sources.source
left join {{ ref('star_spans') }} as star_spans
    on
        {{ same_place('items', 'star_spans') }}
        and items.item_id = star_spans.item_id
        and date_trunc('month', items.created_local) >= star_spans.from_month
        and date_trunc('month', items.created_local) < star_spans.until_month
where items.kind = 'review'
