{{ config(marks="month < {from}", nightly=["as_of_night"], read="month >= {from}") }}
-- one row per practice, site and month, a quiet month too, of review sites and of places where people talk
with first_items as (
    select
        practice_id,
        site,
        min(created_local)::date as day
    from {{ ref('items') }}
    group by practice_id, site
),

sites as (
    select
        practice_sites.practice_id,
        practice_sites.site,
        bool_or(practice_sites.has_reviews) as has_reviews,
        bool_or(practice_sites.has_conversation) as has_conversation,
        bool_or(practice_sites.can_reply) as can_reply,
        -- A night sees the days before it, so the night of the 1st still belongs to the month that is over.
        least(min(practice_sites.first_night) - 1, min(first_items.day)) as first_day,
        max(practice_sites.last_read_night) as last_read_night,
        max(practice_sites.last_complete_night) as last_complete_night
    from {{ ref('practice_sites') }} as practice_sites
    left join first_items
        on practice_sites.practice_id = first_items.practice_id and practice_sites.site = first_items.site
    group by practice_sites.practice_id, practice_sites.site
),

site_months as (
    select
        sites.*,
        build.as_of_night,
        unnest(
            generate_series(
                date_trunc('month', least(sites.first_day, build.as_of_night)),
                date_trunc('month', build.as_of_night),
                interval 1 month
            )
        )::date as month
    from sites
    cross join {{ ref('build') }} as build
),

due as (
    select
        *,
        least((month + interval 1 month)::date, as_of_night) as last_day_due
    from site_months
)

select
    practice_id,
    site,
    month,
    (month + interval 1 month)::date as next_month,
    as_of_night,
    has_reviews,
    has_conversation,
    can_reply,
    -- Days of the month that are over: what a count is to be divided by.
    greatest(0, last_day_due - month) as days,
    case
        -- Of what people say, some places list nothing in full; reading them after the month's end has to do.
        when has_reviews or last_read_night is null or last_read_night < last_day_due
            then {{ reviews_not_covered_why('last_read_night', 'last_complete_night', 'last_day_due') }}
    end as not_covered_why
from due
