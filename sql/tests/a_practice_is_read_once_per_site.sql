{{ config(severity='warn') }}
-- one row per practice and site that two sources bring, which counts its reviews twice
select
    practice_id,
    site,
    string_agg(source, ', ' order by source) as sources
from {{ ref('practice_sites') }}
group by practice_id, site
having count(*) > 1
