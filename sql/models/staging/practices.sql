-- one row per configured practice
select
    practice_id::varchar as practice_id,
    time_zone::varchar as time_zone
from {{ source('inputs', 'practices') }}
