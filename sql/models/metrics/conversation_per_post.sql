{{ config(touched="month >= {from}") }}
-- one row per practice, month and site, and one of all sites together
with said as (
    select
        practice_id,
        month,
        site,
        count(*) filter (kind = 'comment' and counts and is_substantive and below_own_post) as comments,
        count(*) filter (kind = 'post' and voice = 'practice') as posts
    from {{ ref('talk') }}
    where in_window and stands
    group by practice_id, month, site
),

sites as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        talk_sites.site as part,
        coalesce(said.comments, 0) as number,
        coalesce(said.posts, 0) as posts,
        null::varchar as reason,
        talk_sites.not_covered_why as not_measured_why
    from {{ ref('talk_sites') }} as talk_sites
    left join said
        on
            talk_sites.practice_id = said.practice_id
            and talk_sites.month = said.month
            and talk_sites.site = said.site
),

{{ per_post_figures('sites') }}
