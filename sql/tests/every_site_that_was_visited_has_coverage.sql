-- one row per source, site and practice of which the reports would not say what was read
select
    practice_sites.source,
    practice_sites.site,
    practice_sites.practice_id
from {{ ref('practice_sites') }} as practice_sites
left join {{ ref('coverage') }} as coverage
    on
        practice_sites.source = coverage.source
        and practice_sites.site = coverage.site
        and practice_sites.practice_id = coverage.practice_id
where coverage.source is null
