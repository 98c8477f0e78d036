-- one row per practice and month, over all sites and places together: the spine of metrics of a practice as a whole
with places as (
    select
        practice_id,
        month,
        next_month,
        as_of_night,
        site,
        has_conversation,
        not_covered_why
    from {{ ref('site_months') }}
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
                string_agg(site || ': ' || not_covered_why, '; ' order by site) filter (has_conversation)
    end as talk_not_covered_why
from places
group by practice_id, month, next_month, as_of_night
