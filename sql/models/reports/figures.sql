{{ config(materialized='view', read="month >= {from}") }}
-- one row per practice, site, month, metric and part: every file of models/metrics, one under the other
{% for metric in var('metrics') -%}
select
    practice_id,
    site,
    month,
    '{{ metric }}' as metric,
    part,
    value,
    low,
    high,
    numerator,
    sample_size,
    state,
    reason
from {{ ref(metric) }}
{% if not loop.last %}union all
{% endif -%}
{% endfor -%}
