{#- A table of a file that is built from nothing: dbt's own one renames and drops what cannot be there.
    With `by_practice`, what is heavy is made for some practices after others, so that it fits into memory however many
    there are. What models say of builds of only what a night touched, pipelines/remake.py tells. -#}
{% materialization fresh_table, adapter='duckdb', supported_languages=['sql'] %}
  {%- set table = this.incorporate(type='table') -%}
  {%- set ranges = [none] -%}
  {%- if config.get('by_practice') -%}
    {%- set ranges = run_query("select unnest(getvariable('first_practices')), unnest(getvariable('last_practices'))") -%}
  {%- endif -%}
  {%- for range in ranges -%}
    {%- if range -%}
      {%- do run_query("set variable first_practice = '" ~ range[0] ~ "'") -%}
      {%- do run_query("set variable last_practice = '" ~ range[1] ~ "'") -%}
    {%- endif -%}
    {% call statement('main') -%}
      {{ 'create or replace table ' ~ table ~ ' as' if loop.first else 'insert into ' ~ table }} ({{ compiled_code }}
      );
    {%- endcall %}
  {%- endfor -%}
  {%- if config.get('by_practice') -%}
    {%- do run_query("reset variable first_practice") -%}
    {%- do run_query("reset variable last_practice") -%}
  {%- endif -%}
  {{ adapter.commit() }}
  {{ return({'relations': [table]}) }}
{% endmaterialization %}

{#- What stands there in a build of only what a night touched, and what otherwise: pipelines/remake.py chooses. -#}
{% macro when_touched(sql, otherwise='') -%}
  /* when touched: {{ sql }} */ {{ otherwise }} /* otherwise */
{%- endmacro %}

{#- The rows of a model that belong to the practices whose turn it is, of a model that is made `by_practice`. -#}
{% macro of_practices(model) -%}
(
    select * from {{ ref(model) }}
    where
        practice_id >= coalesce(getvariable('first_practice'), '')
        and practice_id <= coalesce(getvariable('last_practice'), '~')
)
{%- endmacro %}
