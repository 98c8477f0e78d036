{#- A table of a file that is built from nothing: dbt's own one renames and drops what cannot be there. -#}
{% materialization fresh_table, adapter='duckdb', supported_languages=['sql'] %}
  {%- set table = this.incorporate(type='table') -%}
  {% call statement('main') -%}
    create or replace table {{ table }} as ({{ compiled_code }}
    );
  {%- endcall %}
  {{ adapter.commit() }}
  {{ return({'relations': [table]}) }}
{% endmaterialization %}
