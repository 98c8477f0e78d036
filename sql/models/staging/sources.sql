-- one row per source
select
    source::varchar as source,
    handed_over_once::boolean as handed_over_once,
    sampled::boolean as sampled
from {{ source('inputs', 'sources') }}
