{{ config(severity='warn') }}
-- one row per post, comment or share without a date, which therefore belongs to no month
select
    source,
    site,
    practice_id,
    kind,
    item_id
from {{ ref('items') }}
where kind in ('post', 'comment', 'share') and created_local is null
