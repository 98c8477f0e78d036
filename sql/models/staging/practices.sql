-- one row per configured practice
select
    practice_id::varchar as practice_id,
    time_zone::varchar as time_zone,
    -- How soon the practice means to answer a review; null without such a target.
    answer_within_days::integer as answer_within_days
from {{ source('inputs', 'practices') }}
