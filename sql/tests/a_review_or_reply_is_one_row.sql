{{ config(touched=true, reads={"items": "first_seen >= {from}"}) }}
-- one row per item that stands in core.items more than once
select
    kind,
    source,
    site,
    practice_id,
    item_id,
    count(*) as times
from {{ ref('items') }}
group by kind, source, site, practice_id, item_id
having count(*) > 1
