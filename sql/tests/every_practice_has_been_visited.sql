{{ config(severity='warn') }}
-- one row per configured practice of which no source has brought anything, not even a failure
select practices.practice_id
from {{ ref('practices') }} as practices
left join {{ ref('practice_sites') }} as practice_sites on practices.practice_id = practice_sites.practice_id
where practice_sites.practice_id is null
