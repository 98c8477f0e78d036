{{ config(touched="month >= {from}") }}
-- one row per practice, month, share of the conversation (metric) and how far it looks: 3 months (its 90 days) or 1
with of_90_days as (
    select
        practice_id,
        month,
        case part
            when 'E1' then 'answered_share'
            when 'E2' then 'depth_share'
            when 'E3' then 'came_back_share'
            when 'E4' then 'word_of_mouth_share'
            when 'E5' then 'helpful_mix_share'
            when 'E6' then 'reaching_out_share'
        end as metric,
        3 as months,
        successes as number,
        trials as sample_size,
        unknown_why
    from {{ ref('engagement_counts') }}
),

calls as (
    select
        practice_id,
        month,
        count(*) filter (outcome = 'in time') as number,
        count(*) filter (outcome not in ('pending', 'handled privately')) as sample_size
    from {{ ref('calls') }}
    where is_call and created_local >= month
    group by practice_id, month
),

posts as (
    select
        practice_id,
        month,
        count(*) filter (content_type in ('health_information', 'community', 'recognition', 'answer')) as number,
        count(content_type) as sample_size
    from {{ ref('talk') }}
    where kind = 'post' and voice = 'practice' and in_window and stands and created_local >= month
    group by practice_id, month
),

-- Only what is one thing each has a month of its own; who came back, and from what, needs the 90 days.
of_month as (
    select
        of_90_days.practice_id,
        of_90_days.month,
        of_90_days.metric,
        1 as months,
        coalesce(
            case of_90_days.metric when 'answered_share' then calls.number else posts.number end, 0
        ) as number,
        coalesce(
            case of_90_days.metric when 'answered_share' then calls.sample_size else posts.sample_size end, 0
        ) as sample_size,
        of_90_days.unknown_why
    from of_90_days
    left join calls on of_90_days.practice_id = calls.practice_id and of_90_days.month = calls.month
    left join posts on of_90_days.practice_id = posts.practice_id and of_90_days.month = posts.month
    where of_90_days.metric in ('answered_share', 'helpful_mix_share')
),

shares as (
    select * from of_90_days
    union all by name
    select * from of_month
),

sites as (
    select
        practice_id,
        month,
        list(site order by site) as sites
    from {{ ref('talk_sites') }}
    where not_covered_why is null
    group by practice_id, month
)

select
    shares.practice_id,
    shares.month,
    shares.metric,
    shares.months,
    shares.number,
    shares.sample_size,
    shares.unknown_why,
    coalesce(sites.sites, []) as sites
from shares
left join sites on shares.practice_id = sites.practice_id and shares.month = sites.month
