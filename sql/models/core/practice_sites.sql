{{ config(marks="true", nightly=["last_read_night", "last_complete_night"]) }}
-- one row per source, site and practice that was ever visited or seen
with nights as (
    select
        source,
        site,
        practice_id,
        min(first_night) as first_night,
        min(first_list) as first_complete_night,
        max(last_read) as last_read_night,
        max(last_list) as last_complete_night,
        -- The newest night that could say; a visit that failed cannot.
        arg_max(can_reply_when_read, last_told_when_read) as can_reply_when_read,
        arg_max(can_reply, last_told) as can_reply
    from {{ ref('visited_months') }}
    group by source, site, practice_id
),

items as (
    select
        source,
        site,
        practice_id,
        min(first_seen) as first_night
    from {{ ref('items') }}
    group by source, site, practice_id
)

select
    coalesce(nights.source, items.source) as source,
    coalesce(nights.site, items.site) as site,
    coalesce(nights.practice_id, items.practice_id) as practice_id,
    coalesce(sources.has_reviews, true) as has_reviews,
    coalesce(sources.has_conversation, false) as has_conversation,
    coalesce(sources.blendable, false) as blendable,
    coalesce(sources.sampled, false) as sampled,
    coalesce(sources.tells_hidden, false) as tells_hidden,
    least(nights.first_night, items.first_night) as first_night,
    nights.first_complete_night,
    nights.last_read_night,
    nights.last_complete_night,
    coalesce(nights.can_reply_when_read, nights.can_reply, false) as can_reply
from nights
full outer join items on {{ same_place('nights', 'items') }}
left join {{ ref('sources') }} as sources on coalesce(nights.source, items.source) = sources.source
