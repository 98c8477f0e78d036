-- one row per metric: what its .yml says of it, so that a report explains itself
{% for metric in var('metrics') -%}
select
    '{{ metric }}' as metric,
    {{ told_of_metric(metric) }}
{% if not loop.last %}union all
{% endif -%}
{% endfor -%}
