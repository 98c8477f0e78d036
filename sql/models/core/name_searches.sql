-- one row per practice that is compared with others, month, source and site: the first night's searches after the 90
-- days that found every name in the same way, or why there is none
with names as (
    select
        practice_id,
        count(*) as names
    from {{ ref('compared') }}
    group by practice_id
),

nights as (
    select
        namings.practice_id,
        namings.source,
        namings.site,
        namings.night,
        max(namings.known_from) as known_from,
        -- A name that was added later was not searched for then.
        count(*) filter (namings.state <> 'failed') = any_value(names.names) as was_searched,
        coalesce(bool_or(namings.state = 'truncated'), false) as was_truncated
    from {{ ref('namings') }} as namings
    inner join {{ ref('compared') }} as compared
        on namings.practice_id = compared.practice_id and namings.named = compared.named
    inner join names on namings.practice_id = names.practice_id
    where namings.kind = 'search'
    group by namings.practice_id, namings.source, namings.site, namings.night
),

windows as (
    select
        practice_id,
        month,
        next_month,
        least(next_month, as_of_night) as due,
        (next_month - interval 90 day)::date as window_start
    from {{ ref('practice_months') }}
),

chosen as (
    select
        windows.*,
        nights.source,
        nights.site,
        min(nights.night) filter (
            nights.night >= windows.due
            and nights.known_from <= windows.window_start
            and nights.was_searched
            and not nights.was_truncated
        ) as night,
        max(nights.night) as last_night,
        min(nights.known_from) filter (nights.night >= windows.due) as known_from,
        coalesce(bool_or(nights.was_truncated and nights.night >= windows.due), false) as was_truncated
    from windows
    inner join nights on windows.practice_id = nights.practice_id
    group by all
)

select
    practice_id,
    month,
    source,
    site,
    night,
    window_start,
    due as window_end,
    case
        when night is not null then null
        when last_night < due then 'last read on ' || strftime(last_night, '%Y-%m-%d')
        when known_from > window_start then 'not known before ' || strftime(known_from, '%Y-%m-%d')
        when was_truncated then 'more is found of a name than is read'
        else 'a name was not searched for'
    end as not_searched_why
from chosen
