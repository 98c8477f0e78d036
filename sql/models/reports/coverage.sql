-- one row per practice, month, source and site: what was read of the month, and what we hold as of the build's night
with site_months as (
    select
        months.practice_id,
        months.month,
        months.next_month,
        months.as_of_night,
        months.has_reviews,
        practice_sites.source,
        practice_sites.site,
        practice_sites.last_read_night,
        practice_sites.last_complete_night,
        -- The nights that see a day of the month: those of its 2nd to the next month's 1st.
        greatest(months.month + 1, practice_sites.first_night) as first_expected,
        least(months.next_month, months.as_of_night) as last_expected,
        coalesce(sources.handed_over_once, false) as handed_over_once,
        coalesce(sources.attribution, '') as attribution
    from {{ ref('site_months') }} as months
    inner join {{ ref('practice_sites') }} as practice_sites
        on months.practice_id = practice_sites.practice_id and months.site = practice_sites.site
    left join {{ ref('sources') }} as sources on practice_sites.source = sources.source
),

reads as (
    select
        site_months.practice_id,
        site_months.month,
        site_months.source,
        site_months.site,
        coalesce(sum(visited_months.nights_visited), 0) as nights_visited,
        coalesce(sum(visited_months.nights_read), 0) as nights_read,
        -- The same unreadable record comes again every night, so the worst night says how many there are.
        max(visited_months.set_aside) as set_aside
    from site_months
    left join {{ ref('visited_months') }} as visited_months
        on {{ same_place('site_months', 'visited_months') }} and site_months.month = visited_months.month
    group by site_months.practice_id, site_months.month, site_months.source, site_months.site
),

holdings as (
    select
        practice_id,
        source,
        site,
        count(*) filter (removed_on is null) as held
    from {{ ref('reviews') }}
    group by practice_id, source, site
),

conversations as (
    select
        practice_id,
        source,
        site,
        count(*) as conversation_items
    from {{ ref('items') }}
    where kind in ('post', 'comment') and removed_on is null
    group by practice_id, source, site
),

removals as (
    select
        practice_id,
        source,
        site,
        date_trunc('month', removed_on)::date as month,
        count(*) as vanished
    from {{ ref('reviews') }}
    where removed_on is not null
    group by practice_id, source, site, date_trunc('month', removed_on)
),

newest_failures as (
    select
        visited_months.practice_id,
        visited_months.source,
        visited_months.site,
        max(visited_months.last_failure) as night,
        arg_max(visited_months.newest_failure, visited_months.last_failure).why as why
    from {{ ref('visited_months') }} as visited_months
    inner join {{ ref('practice_sites') }} as practice_sites
        on {{ same_place('visited_months', 'practice_sites') }}
    where visited_months.last_failure > coalesce(practice_sites.last_read_night, '0001-01-01'::date)
    group by visited_months.practice_id, visited_months.source, visited_months.site
),

last_visits as (
    select
        practice_id,
        source,
        site,
        arg_max(newest, last_night) as newest
    from {{ ref('visited_months') }}
    group by practice_id, source, site
),

newest_totals as (
    select
        practice_id,
        source,
        site,
        arg_max(platform_total, counted_on) as platform_total
    from {{ ref('platform_totals') }}
    group by practice_id, source, site
)

select
    site_months.practice_id,
    site_months.month,
    site_months.source,
    site_months.site,
    site_months.has_reviews,
    site_months.attribution,
    -- A file is read on the night it is handed over; on the others nothing was to be expected.
    case
        when site_months.handed_over_once then reads.nights_visited
        else greatest(0, site_months.last_expected - site_months.first_expected + 1)
    end::integer as nights_expected,
    reads.nights_read::integer as nights_read,
    site_months.last_read_night,
    site_months.last_complete_night,
    coalesce(reads.set_aside, 0)::integer as set_aside,
    coalesce(removals.vanished, 0)::integer as vanished,
    coalesce(holdings.held, 0)::integer as held,
    coalesce(conversations.conversation_items, 0)::integer as conversation_items,
    newest_totals.platform_total::integer as platform_total,
    -- A platform that is not connected yet; nothing waits for it.
    coalesce(last_visits.newest.left_out, false) as left_out,
    coalesce(
        site_months.last_read_night >= site_months.next_month
        and (not site_months.has_reviews or site_months.last_complete_night >= site_months.next_month - 8),
        false
    ) as month_is_complete,
    case
        when last_visits.newest.left_out then 'not connected: ' || last_visits.newest.why
        when newest_failures.night is not null
            then
                'the night of ' || strftime(newest_failures.night, '%Y-%m-%d') || ' failed: '
                || coalesce(newest_failures.why, 'no reason was kept')
        when site_months.last_read_night is null then 'never read'
        when site_months.as_of_night < site_months.next_month then 'the month is not over'
        when
            site_months.last_read_night < site_months.next_month
            then 'last read on ' || strftime(site_months.last_read_night, '%Y-%m-%d')
        when not site_months.has_reviews then last_visits.newest.why
        when site_months.last_complete_night is null then 'no complete list has been read'
        when
            site_months.last_complete_night < site_months.next_month - 8
            then 'last complete list read on ' || strftime(site_months.last_complete_night, '%Y-%m-%d')
        -- A whole visit may still say what it could not bring.
        when last_visits.newest.was_read then last_visits.newest.why
    end as why
from site_months
inner join reads on {{ same_place('site_months', 'reads') }} and site_months.month = reads.month
left join holdings on {{ same_place('site_months', 'holdings') }}
left join conversations on {{ same_place('site_months', 'conversations') }}
left join removals on {{ same_place('site_months', 'removals') }} and site_months.month = removals.month
left join newest_failures on {{ same_place('site_months', 'newest_failures') }}
left join last_visits on {{ same_place('site_months', 'last_visits') }}
left join newest_totals on {{ same_place('site_months', 'newest_totals') }}
