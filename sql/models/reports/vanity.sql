{{ config(touched="month >= {from}") }}
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

-- Each number's own month, so that they meet it by equality: compared by "not after", each would meet all later months.
numbers as (
    select
        features.practice_id,
        features.site,
        features.source,
        features.metric,
        features.night,
        features.parent_id,
        features.day,
        features.value,
        features.page,
        features.position,
        date_trunc('month', case
            -- of a day, of a post published in the month, or of the account as it stood when the month ended
            when features.day is not null then features.day
            when features.parent_id is not null then posts.created_local::date
            else features.night - 1
        end)::date as month
    from {{ ref('features') }} as features
    left join {{ ref('items') }} as posts
        on
            features.practice_id = posts.practice_id
            and features.source = posts.source
            and features.site = posts.site
            and features.parent_id = posts.item_id
            and posts.kind = 'post'
    where features.kind = 'metric' and features.value is not null
),

newest as (
    select
        places.practice_id,
        places.month,
        places.site,
        places.source,
        places.metric,
        numbers.parent_id,
        numbers.day,
        arg_max(numbers.value, (numbers.night, numbers.page, numbers.position)) as value
    from places
    inner join numbers
        on
            places.practice_id = numbers.practice_id
            and places.site = numbers.site
            and places.source = numbers.source
            and places.metric = numbers.metric
            and places.month = numbers.month
            and places.next_month >= numbers.night
    group by
        places.practice_id, places.month, places.site, places.source, places.metric, numbers.parent_id, numbers.day
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
    -- What a platform stops giving is a break and no fall, and what it begins to give is no rise. After a year nobody
    -- looks for the number any more.
    case
        when places.valid_to < places.month - interval 1 year then null
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
