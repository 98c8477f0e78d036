{{ config(touched="month >= {from}", reads={"listings": "true"}) }}
-- one row per practice, month and site where people talk: the 90 days looked at, and whether all of them are known
with first_lists as (
    select
        listings.practice_id,
        listings.site,
        -- A list of everything reaches back some days, so the first one says from when on nothing is missing.
        min(listings.night) - any_value(sources.window_days) as known_from
    from {{ ref('listings') }} as listings
    inner join {{ ref('sources') }} as sources on listings.source = sources.source
    where listings.was_complete and sources.window_days is not null
    group by listings.practice_id, listings.site
),

windows as (
    select
        site_months.practice_id,
        site_months.site,
        site_months.month,
        site_months.next_month,
        site_months.can_reply,
        site_months.not_covered_why,
        first_lists.known_from,
        -- What is written later belongs to the next report, whenever this one is made.
        least(site_months.next_month, site_months.as_of_night)::timestamp as cutoff,
        (site_months.next_month - interval 90 day)::timestamp as window_start,
        (site_months.next_month - interval 180 day)::timestamp as past_start
    from {{ ref('site_months') }} as site_months
    left join first_lists
        on site_months.practice_id = first_lists.practice_id and site_months.site = first_lists.site
    where site_months.has_conversation
)

select
    practice_id,
    site,
    month,
    next_month,
    cutoff,
    window_start,
    past_start,
    -- Null where all of it is known.
    known_from,
    can_reply,
    -- The pseudonyms of a year say nothing about the next year's people.
    coalesce(known_from <= past_start::date, true) and year(past_start) = year(next_month - 1) as past_is_known,
    case
        when not_covered_why is not null then not_covered_why
        when known_from > window_start::date then 'not known before ' || strftime(known_from, '%Y-%m-%d')
    end as not_covered_why
from windows
