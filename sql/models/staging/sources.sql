-- one row per source
select
    source::varchar as source,
    handed_over_once::boolean as handed_over_once
from {{ source('inputs', 'sources') }}
