-- one row per practice, site and month that a metric says nothing of, not even that it was not measured
select
    months.practice_id,
    months.site,
    months.month,
    catalogue.metric
from {{ ref('months') }} as months
cross join {{ ref('catalogue') }} as catalogue
left join {{ ref('figures') }} as figures
    on
        months.practice_id = figures.practice_id
        and months.site = figures.site
        and months.month = figures.month
        and catalogue.metric = figures.metric
where figures.metric is null
