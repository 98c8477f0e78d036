-- one row per source, site and practice that was ever visited or seen
with nights as (
    select
        source,
        site,
        practice_id,
        night,
        was_read,
        was_complete,
        can_reply
    from {{ ref('listings') }}
    union all
    select
        source,
        site,
        practice_id,
        first_seen as night,
        false as was_read,
        false as was_complete,
        null as can_reply
    from {{ ref('items') }}
)

select
    source,
    site,
    practice_id,
    min(night) as first_night,
    max(night) filter (was_read) as last_read_night,
    max(night) filter (was_complete) as last_complete_night,
    -- The newest night that could say; a visit that failed cannot.
    coalesce(
        arg_max(can_reply, night) filter (was_read), arg_max(can_reply, night) filter (can_reply is not null), false
    ) as can_reply
from nights
group by source, site, practice_id
