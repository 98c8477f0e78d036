{{ config(marks="true", nightly=["last_read_night", "last_complete_night"]) }}
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
    nights.source,
    nights.site,
    nights.practice_id,
    bool_or(coalesce(sources.has_reviews, true)) as has_reviews,
    bool_or(coalesce(sources.has_conversation, false)) as has_conversation,
    bool_and(coalesce(sources.blendable, false)) as blendable,
    bool_or(coalesce(sources.sampled, false)) as sampled,
    bool_or(coalesce(sources.tells_hidden, false)) as tells_hidden,
    min(nights.night) as first_night,
    min(nights.night) filter (nights.was_complete) as first_complete_night,
    max(nights.night) filter (nights.was_read) as last_read_night,
    max(nights.night) filter (nights.was_complete) as last_complete_night,
    -- The newest night that could say; a visit that failed cannot.
    coalesce(
        arg_max(nights.can_reply, nights.night) filter (nights.was_read),
        arg_max(nights.can_reply, nights.night) filter (nights.can_reply is not null),
        false
    ) as can_reply
from nights
left join {{ ref('sources') }} as sources on nights.source = sources.source
group by nights.source, nights.site, nights.practice_id
