{{ config(read="month >= {from}") }}
-- one row per practice and month, over all sites and places together: the spine of metrics of a practice as a whole
with places as (
    select
        site_months.practice_id,
        site_months.month,
        site_months.next_month,
        site_months.as_of_night,
        site_months.site,
        talk_sites.site is not null as has_conversation,
        talk_sites.not_covered_why
    from {{ ref('site_months') }} as site_months
    left join {{ ref('talk_sites') }} as talk_sites
        on
            site_months.practice_id = talk_sites.practice_id
            and site_months.site = talk_sites.site
            and site_months.month = talk_sites.month
),

-- Most have nothing to say, and putting words in order is slow.
reasons as (
    select
        practice_id,
        month,
        string_agg(site_name(site) || ': ' || not_covered_why, '; ' order by site) as of_each,
        string_agg(site_name(site) || ' (' || not_covered_why || ')', ', ' order by site) as in_brackets
    from places
    where not_covered_why is not null
    group by practice_id, month
),

counts as (
    select
        practice_id,
        month,
        next_month,
        as_of_night,
        count(*) filter (has_conversation) as talk_sites,
        count(*) filter (has_conversation and not_covered_why is null) as talk_sites_covered
    from places
    group by practice_id, month, next_month, as_of_night
)

select
    counts.practice_id,
    -- A figure of no single site.
    '' as site,
    counts.month,
    counts.next_month,
    counts.as_of_night,
    counts.talk_sites,
    counts.talk_sites_covered,
    case
        when counts.talk_sites = 0 then 'no account, community or feed is connected'
        when counts.talk_sites_covered = 0 then reasons.of_each
    end as talk_not_covered_why,
    -- A site that was not read in full is left out of a figure, and the figure says so.
    'without ' || reasons.in_brackets as talk_left_out
from counts
left join reasons on counts.practice_id = reasons.practice_id and counts.month = reasons.month
