{{ config(touched=true) }}
-- one row per model of models/metrics whose figures no report would ever show
with metrics as (
    select unnest([{{ models_of_folder('metrics') }}]) as metric
)

select metrics.metric
from metrics
left join {{ ref('figures') }} as figures on metrics.metric = figures.metric
where figures.metric is null and exists (select 1 from {{ ref('months') }})
group by metrics.metric
