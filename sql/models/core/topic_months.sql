{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and topic praised or criticised (part), of the topics that may be reported
with parts as (
    select
        topic,
        unnest(['positive', 'negative']) as polarity
    from {{ ref('topics') }}
    where reported and not alert
),

-- A review that says the same in three sentences says it once.
said as (
    select distinct
        practice_id,
        site,
        month,
        source,
        item_id,
        unnest(topics).topic as topic,
        unnest(topics).polarity as polarity
    from {{ ref('reviews') }}
    where counted and judged
),

mentions as (
    select
        practice_id,
        site,
        month,
        topic,
        polarity,
        count(*) as mentions
    from said
    group by practice_id, site, month, topic, polarity
)

select
    judged_months.practice_id,
    judged_months.site,
    judged_months.month,
    parts.topic || '/' || parts.polarity as part,
    coalesce(mentions.mentions, 0) as mentions,
    judged_months.judged,
    judged_months.not_covered_why,
    judged_months.not_measured_why
from {{ ref('judged_months') }} as judged_months
cross join parts
left join mentions
    on
        judged_months.practice_id = mentions.practice_id
        and judged_months.site = mentions.site
        and judged_months.month = mentions.month
        and parts.topic = mentions.topic
        and parts.polarity = mentions.polarity
