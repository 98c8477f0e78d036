{{ config(
    touched="month >= {since}",
    reads={
        "site_months": "month >= {since}",
        "features": "kind = 'metric' and night >= {since}",
        "items": "kind = 'post' and created_local >= {since}",
    },
) }}
-- one row per practice, month, site and number of a platform (source, metric) that no score is made with
with places as (
    select
        site_months.practice_id,
        site_months.month,
        site_months.next_month,
        site_months.site,
        practice_sites.source,
        source_metrics.metric,
        source_metrics.meaning,
        source_metrics.valid_from,
        source_metrics.valid_to
    from {{ ref('site_months') }} as site_months
    inner join {{ ref('practice_sites') }} as practice_sites
        on site_months.practice_id = practice_sites.practice_id and site_months.site = practice_sites.site
    inner join {{ ref('source_metrics') }} as source_metrics on practice_sites.source = source_metrics.source
),

newest as (
    select
        places.practice_id,
        places.month,
        places.site,
        places.source,
        places.metric,
        features.parent_id,
        features.day,
        arg_max(features.value, (features.night, features.page, features.position)) as value
    from places
    inner join {{ ref('features') }} as features
        on
            places.practice_id = features.practice_id
            and places.site = features.site
            and places.source = features.source
            and places.metric = features.metric
            and places.next_month >= features.night
            and features.kind = 'metric'
            and features.value is not null
    left join {{ ref('items') }} as posts
        on
            features.practice_id = posts.practice_id
            and features.source = posts.source
            and features.site = posts.site
            and features.parent_id = posts.item_id
            and posts.kind = 'post'
    where
        case
            -- of a day, of a post published in the month, or of the account as it stood when the month ended
            when features.day is not null then features.day >= places.month and features.day < places.next_month
            when features.parent_id is not null then date_trunc('month', posts.created_local) = places.month
            else features.night > places.month
        end
    group by
        places.practice_id, places.month, places.site, places.source, places.metric, features.parent_id, features.day
),

counted as (
    select
        practice_id,
        month,
        site,
        source,
        metric,
        sum(value)::bigint as value,
        case
            when bool_or(day is not null) then 'sum of the days of the month'
            when bool_or(parent_id is not null) then 'sum of the posts of the month'
            else 'at the end of the month'
        end as counted
    from newest
    group by practice_id, month, site, source, metric
)

select
    places.practice_id,
    places.month,
    places.site,
    places.source,
    places.metric,
    places.meaning,
    counted.value,
    counted.counted,
    -- What a platform stops giving is a break and no fall, and what it begins to give is no rise.
    case
        when places.valid_to < places.month
            then 'break: not given since ' || strftime(places.valid_to + 1, '%Y-%m-%d')
        when places.valid_to < places.next_month - 1
            then 'break: given up to ' || strftime(places.valid_to, '%Y-%m-%d')
        when places.valid_from >= places.next_month
            then 'break: not given before ' || strftime(places.valid_from, '%Y-%m-%d')
        when places.valid_from > places.month
            then 'break: given from ' || strftime(places.valid_from, '%Y-%m-%d')
    end as break_note
from places
left join counted
    on
        places.practice_id = counted.practice_id
        and places.month = counted.month
        and places.site = counted.site
        and places.source = counted.source
        and places.metric = counted.metric
