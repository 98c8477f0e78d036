-- one row per practice that is compared with others and name that is searched for: its own, 'practice', and theirs
select
    practice_id::varchar as practice_id,
    others.other['key']::varchar as named,
    others.other['name']::varchar as shown
from {{ source('inputs', 'practices') }}
cross join unnest(compared) as others (other)
