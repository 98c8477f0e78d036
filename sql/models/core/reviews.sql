{{ config(touched="first_seen >= {from}", read="first_seen >= {from} or removed_on >= {from}") }}
-- one row per review: source, site, practice_id, item_id; as last seen
select
    items.source,
    items.site,
    items.practice_id,
    items.item_id,
    items.stars,
    items.state,
    -- A recommendation stands for five stars and a warning for one where stars have to be compared.
    coalesce(
        items.stars, case items.state when 'recommended' then 5 when 'not_recommended' then 1 end
    )::tinyint as score_stars,
    items.created_at,
    items.created_local,
    date_trunc('month', items.created_local)::date as month,
    date_trunc('week', items.created_local)::date as week,
    items.first_seen,
    items.last_seen,
    items.removed_on,
    -- A review the platform removes leaves the figures from the month of its removal: what an earlier report
    -- printed of the month it was written in stays true.
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
where items.kind = 'review'
