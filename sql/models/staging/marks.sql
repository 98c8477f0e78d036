-- one row per mark of an owner: what (a link or an id) was handled privately, and when
select
    practices.practice_id::varchar as practice_id,
    marks.mark['item']::varchar as item,
    marks.mark['handled_on']::date as handled_on
from {{ source('inputs', 'practices') }} as practices
cross join unnest(practices.handled_privately) as marks (mark)
