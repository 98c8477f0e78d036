{{ config(touched="month >= {from}") }}
-- one row per practice, month and site, and one of all sites together
with sites as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        talk_sites.site as part,
        count(*) filter (
            talk.kind = 'comment' and talk.counts and talk.is_substantive and talk.below_own_post
        ) as number,
        count(*) filter (talk.kind = 'post' and talk.voice = 'practice') as posts,
        null::varchar as reason,
        talk_sites.not_covered_why as not_measured_why
    from {{ ref('talk_sites') }} as talk_sites
    left join {{ ref('talk') }} as talk
        on
            talk_sites.practice_id = talk.practice_id
            and talk_sites.month = talk.month
            and talk_sites.site = talk.site
            and talk.in_window
            and talk.stands
    group by talk_sites.practice_id, talk_sites.month, talk_sites.site, talk_sites.not_covered_why
),

{{ per_post_figures('sites') }}
