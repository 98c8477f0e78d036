{{ config(severity='warn') }}
-- one row per review without a date, which therefore belongs to no month
select
    source,
    site,
    practice_id,
    item_id
from {{ ref('reviews') }}
where created_local is null
