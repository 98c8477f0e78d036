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
with said as (
    select
        practice_id,
        month,
        site,
        count(*) filter (kind = 'post' and voice = 'practice') as posts,
        count(*) filter (kind = 'share') as shares_seen,
        count(*) filter (kind = 'share' and counts and below_own_post) as shares
    from {{ ref('talk') }}
    where in_window and stands
    group by practice_id, month, site
),

counted as (
    select
        practice_id,
        month,
        site,
        count(*) as posts,
        sum(value)::bigint as shares
    from {{ ref('post_numbers') }}
    where meaning = 'shares'
    group by practice_id, month, site
),

sites as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        talk_sites.site as part,
        -- Who shared is better than how many: the practice's own accounts and contest entries are then left out.
        case when said.shares_seen > 0 then said.shares else coalesce(counted.shares, 0) end as number,
        case when said.shares_seen > 0 then said.posts else coalesce(counted.posts, 0) end as posts,
        case
            when said.shares_seen = 0 and counted.posts > 0 then 'as the platform counts, whoever shared'
        end as reason,
        case
            when talk_sites.not_covered_why is not null then talk_sites.not_covered_why
            when said.posts > 0 and said.shares_seen = 0 and counted.posts is null then 'shares are not shown'
        end as not_measured_why
    from {{ ref('talk_sites') }} as talk_sites
    left join said
        on
            talk_sites.practice_id = said.practice_id
            and talk_sites.month = said.month
            and talk_sites.site = said.site
    left join counted
        on
            talk_sites.practice_id = counted.practice_id
            and talk_sites.month = counted.month
            and talk_sites.site = counted.site
),

{{ per_post_figures('sites') }}
