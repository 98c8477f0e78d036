{{ config(touched="month >= {from}") }}
-- one row per practice, month and site: the median of the interactions with a post, divided by the one number that is
-- named in the part
with places as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        talk_sites.site,
        talk_sites.not_covered_why,
        practice_sites.source,
        dividers.metric,
        dividers.meaning
    from {{ ref('talk_sites') }} as talk_sites
    inner join {{ ref('practice_sites') }} as practice_sites
        on
            talk_sites.practice_id = practice_sites.practice_id
            and talk_sites.site = practice_sites.site
            and practice_sites.has_conversation
    left join {{ ref('source_metrics') }} as dividers on practice_sites.source = dividers.source and dividers.divides
),

-- The night of the 1st is the last that sees the month before.
followers as (
    select
        features.practice_id,
        features.source,
        features.site,
        date_trunc('month', features.night - 1)::date as month,
        arg_max(features.value, (features.night, features.page, features.position)) as value
    from {{ ref('features') }} as features
    inner join {{ ref('source_metrics') }} as dividers
        on
            features.source = dividers.source
            and features.metric = dividers.metric
            and dividers.divides
            and dividers.meaning = 'followers'
    where
        features.kind = 'metric'
        and features.value is not null
        and features.parent_id is null
        and features.day is null
    group by features.practice_id, features.source, features.site, date_trunc('month', features.night - 1)
),

interactions as (
    select
        practice_id,
        month,
        source,
        site,
        item_id,
        sum(value) as number
    from {{ ref('post_numbers') }}
    where meaning in ('likes', 'comments', 'shares')
    group by practice_id, month, source, site, item_id
),

each as (
    select
        posts.practice_id,
        posts.month,
        posts.site,
        posts.source,
        interactions.number,
        interactions.number / nullif(coalesce(of_post.value, followers.value), 0) as rate
    from {{ ref('talk') }} as posts
    inner join places
        on {{ same_place('posts', 'places') }} and posts.month = places.month
    left join interactions
        on
            {{ same_place('posts', 'interactions') }}
            and posts.month = interactions.month
            and posts.item_id = interactions.item_id
    left join {{ ref('post_numbers') }} as of_post
        on
            {{ same_place('posts', 'of_post') }}
            and posts.month = of_post.month
            and posts.item_id = of_post.item_id
            and places.meaning = of_post.meaning
    left join followers
        on {{ same_place('posts', 'followers') }} and posts.month = followers.month
    where posts.kind = 'post' and posts.voice = 'practice' and posts.in_window and posts.stands
),

rated as (
    select
        practice_id,
        month,
        site,
        source,
        count(*) as posts_made,
        count(number) as posts_counted,
        count(rate) as posts,
        list(rate order by rate) filter (rate is not null) as sorted,
        sum(number) filter (rate is not null) as number
    from each
    group by practice_id, month, site, source
),

counts as (
    select
        months.practice_id,
        months.month,
        -- Nothing stands for all sites together but that there is none.
        concat_ws(' by ', places.site, places.meaning) as part,
        (rated.sorted[(rated.posts + 1) // 2] + rated.sorted[rated.posts // 2 + 1]) / 2 as rate,
        coalesce(rated.number, 0) as number,
        coalesce(rated.posts, 0) as posts,
        case
            when places.site is null then months.talk_not_covered_why
            when places.not_covered_why is not null then places.not_covered_why
            when places.meaning is null then 'the platform gives nothing to divide by'
            when rated.posts_made > 0 and rated.posts_counted = 0 then 'interactions are not shown'
            when rated.posts_made > 0 and rated.posts = 0 then 'no ' || places.meaning || ' to divide by are known'
        end as not_measured_why
    from {{ ref('practice_months') }} as months
    left join places on months.practice_id = places.practice_id and months.month = places.month
    left join rated
        on {{ same_place('places', 'rated') }} and places.month = rated.month
),

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when posts < 10 then 'too_few'
            when rate = 0 then 'zero'
            else 'value'
        end as state
    from counts
)

select
    practice_id,
    '' as site,
    month,
    part,
    case when state in ('value', 'zero') then rate end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when state <> 'not_measured' then number end::bigint as numerator,
    posts::bigint as sample_size,
    state,
    not_measured_why::varchar as reason
from states
