{#- What dbt's graph of this project knows. Empty while dbt only parses, because there is no graph yet. -#}

{#- The names of a folder's models, as SQL texts with commas. -#}
{% macro models_of_folder(folder) -%}
  {%- if execute -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') if folder in node.fqn -%}
      '{{ node.name }}',
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}

{#- The columns that tell what a metric is. A metric that does not say everything stops the build. -#}
{% macro told_of_metric(metric) -%}
  {%- set nodes = [] -%}
  {%- if execute -%}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('name', 'equalto', metric) | list -%}
  {%- endif -%}
  {%- for field in
    ['title', 'unit', 'better', 'why', 'definition', 'source', 'weakness', 'score_version', 'spine', 'lowest',
     'rows_from', 'rows'] -%}
    {#- Most metrics are of reviews, and never below zero; what is made of conversation or can be below it says so. -#}
    {%- set standard = {'rows_from': 'reviews', 'lowest': '0'}.get(field, '') -%}
    {%- set said = nodes[0].config.meta.get(field, standard) | string | trim if nodes else '' -%}
    {%- if execute and not said -%}
      {{ exceptions.raise_compiler_error("models/metrics/" ~ metric ~ ".yml does not say its " ~ field) }}
    {%- endif -%}
    {%- if execute and field == 'spine' and said not in ('site', 'practice') -%}
      {{ exceptions.raise_compiler_error("models/metrics/" ~ metric ~ ".yml: spine is site or practice") }}
    {%- endif -%}
    {%- if execute and field == 'rows_from' and said not in ('reviews', 'talk', 'named_practices') -%}
      {{ exceptions.raise_compiler_error("models/metrics/" ~ metric ~ ".yml: rows_from is reviews, talk or named_practices") }}
    {%- endif -%}
    {%- if execute and field == 'better' and said not in ('higher', 'lower', 'none') -%}
      {{ exceptions.raise_compiler_error("models/metrics/" ~ metric ~ ".yml: better is higher, lower or none") }}
    {%- endif -%}
    '{{ said | replace("'", "''") }}' as {{ field }}{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
