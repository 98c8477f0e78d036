{{ config(severity='warn') }}
-- one row per practice and site where more than two reviews and a tenth are missing on one side
select
    practice_id,
    source,
    site,
    held,
    platform_total
from {{ ref('coverage') }}
where
    abs(held - platform_total) > greatest(2, platform_total / 10)
    -- A sample leaves most of them out.
    and source not in (
        select sources.source from {{ ref('sources') }} as sources
        where sources.sampled
    )
group by practice_id, source, site, held, platform_total
