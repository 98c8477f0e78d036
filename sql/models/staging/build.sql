-- one row: the night up to which everything is known, and the inputs it was built from
select
    as_of_night::date as as_of_night,
    inputs_id::varchar as inputs_id
from {{ source('inputs', 'build') }}
