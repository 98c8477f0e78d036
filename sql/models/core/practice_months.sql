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
)

select
    practice_id,
    -- A figure of no single site.
    '' as site,
    month,
    next_month,
    as_of_night,
    count(*) filter (has_conversation) as talk_sites,
    count(*) filter (has_conversation and not_covered_why is null) as talk_sites_covered,
    case
        when count(*) filter (has_conversation) = 0 then 'no account, community or feed is connected'
        when count(*) filter (has_conversation and not_covered_why is null) = 0
            then
                string_agg(site_name(site) || ': ' || not_covered_why, '; ' order by site) filter (has_conversation)
    end as talk_not_covered_why,
    -- A site that was not read in full is left out of a figure, and the figure says so.
    'without ' || string_agg(site_name(site) || ' (' || not_covered_why || ')', ', ' order by site) filter (
        not_covered_why is not null
    ) as talk_left_out
from places
group by practice_id, month, next_month, as_of_night
