{{ config(touched="month >= {from}", reads={"features": 2}) }}
-- one row per practice, month, own post of the 90 days (source, site, item_id) and meaning: what the platform counted
with newest as (
    select
        talk.practice_id,
        talk.month,
        talk.source,
        talk.site,
        talk.item_id,
        source_metrics.meaning,
        -- The night of the 1st is the last that sees the month; a count of later belongs to the next report.
        arg_max(features.value, (features.night, features.page, features.position)) as value
    from {{ ref('talk') }} as talk
    inner join {{ ref('features') }} as features
        on
            talk.practice_id = features.practice_id
            and talk.source = features.source
            and talk.site = features.site
            and talk.item_id = features.parent_id
            and talk.next_month >= features.night
            and features.kind = 'metric'
            and features.value is not null
    inner join {{ ref('source_metrics') }} as source_metrics
        on features.source = source_metrics.source and features.metric = source_metrics.metric
    where talk.kind = 'post' and talk.voice = 'practice' and talk.in_window and talk.stands
    group by
        talk.practice_id, talk.month, talk.source, talk.site, talk.item_id, source_metrics.meaning, features.metric
)

select
    practice_id,
    month,
    source,
    site,
    item_id,
    meaning,
    sum(value)::bigint as value
from newest
group by practice_id, month, source, site, item_id, meaning
