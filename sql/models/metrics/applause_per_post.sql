{{ config(
    touched="month >= {since}",
    reads={
        "talk": "month >= {since} and created_local >= {since} - interval 6 month",
        "post_numbers": "month >= {since}",
        "talk_sites": "month >= {since}",
        "practice_months": "month >= {since}",
    },
) }}
-- one row per practice, month and site, and one of all sites together
with posts as (
    select
        practice_id,
        month,
        site,
        count(*) as posts
    from {{ ref('talk') }}
    where kind = 'post' and voice = 'practice' and in_window and stands
    group by practice_id, month, site
),

counted as (
    select
        practice_id,
        month,
        site,
        count(*) as posts,
        sum(value)::bigint as likes
    from {{ ref('post_numbers') }}
    where meaning = 'likes'
    group by practice_id, month, site
),

sites as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        talk_sites.site as part,
        coalesce(counted.likes, 0) as number,
        coalesce(counted.posts, 0) as posts,
        null::varchar as reason,
        case
            when talk_sites.not_covered_why is not null then talk_sites.not_covered_why
            when posts.posts > 0 and counted.posts is null then 'likes are not shown'
        end as not_measured_why
    from {{ ref('talk_sites') }} as talk_sites
    left join posts
        on
            talk_sites.practice_id = posts.practice_id
            and talk_sites.month = posts.month
            and talk_sites.site = posts.site
    left join counted
        on
            talk_sites.practice_id = counted.practice_id
            and talk_sites.month = counted.month
            and talk_sites.site = counted.site
),

{{ per_post_figures('sites') }}
