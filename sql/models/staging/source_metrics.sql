-- one row per number a platform counts, by its own name; what it means, from when to when it was given, and whether
-- interactions are divided by it
select
    source::varchar as source,
    metric::varchar as metric,
    meaning::varchar as meaning,
    valid_from::date as valid_from,
    valid_to::date as valid_to,
    divides::boolean as divides
from {{ source('inputs', 'source_metrics') }}
