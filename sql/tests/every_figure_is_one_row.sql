{{ config(touched=true) }}
-- one row per figure that stands in reports.figures more than once
select
    practice_id,
    site,
    month,
    metric,
    part,
    count(*) as times
from {{ ref('figures') }}
group by practice_id, site, month, metric, part
having count(*) > 1
