{{ config(touched=true) }}
-- one row per practice, site and month that a metric says nothing of, not even that it was not measured
with spines as (
    select
        practice_id,
        site,
        month,
        'site' as spine
    from {{ ref('months') }}
    union all
    select
        practice_id,
        site,
        month,
        'practice' as spine
    from {{ ref('practice_months') }}
)

select
    months.practice_id,
    months.site,
    months.month,
    catalogue.metric
from spines as months
inner join {{ ref('catalogue') }} as catalogue on months.spine = catalogue.spine
left join {{ ref('figures') }} as figures
    on
        months.practice_id = figures.practice_id
        and months.site = figures.site
        and months.month = figures.month
        and catalogue.metric = figures.metric
where figures.metric is null
