-- one row per source
select
    source::varchar as source,
    handed_over_once::boolean as handed_over_once,
    sampled::boolean as sampled,
    has_reviews::boolean as has_reviews,
    has_conversation::boolean as has_conversation,
    blendable::boolean as blendable,
    tells_hidden::boolean as tells_hidden,
    window_days::integer as window_days,
    attribution::varchar as attribution
from {{ source('inputs', 'sources') }}
