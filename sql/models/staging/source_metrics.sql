-- one row per number a platform counts, by its own name; what it means, and from when to when it was given
select
    source::varchar as source,
    metric::varchar as metric,
    meaning::varchar as meaning,
    valid_from::date as valid_from,
    valid_to::date as valid_to
from {{ source('inputs', 'source_metrics') }}
