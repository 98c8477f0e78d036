{#- A table of a file that is built from nothing: dbt's own one renames and drops what cannot be there.
    With `by_practice`, what is heavy is made for some practices after others, so that it fits into memory however many
    there are.

    In a build of only what a night touched, the file begins as a copy of the old one. A model that does not say more is
    made again as a whole. One with `touched` says which of its rows rest on what was written from {from} on; only those
    are made again, and all of the practices in touched.practices. It looks at as much of other models: at what is from
    the same day on, or, if `reads` names a model, from so many months before, or at the rows that it says. What is from
    a day on says the `read` of that model, or else its `touched`. Reading less only saves time.
    One with `marks` is made again as a whole, and a practice whose rows then differ, among those that it names and
    without the columns `nightly`, is touched as a whole from there on. -#}
{% materialization fresh_table, adapter='duckdb', supported_languages=['sql'] %}
  {%- set table = this.incorporate(type='table') -%}
  {%- set since = touched_since() -%}
  {%- if since and config.get('touched') -%}
    {%- set of_whole = of_whole_practices() -%}
    {%- set rows = config.get('touched') | replace('{from}', since) | replace('{made_whole}', metrics_made_whole()) -%}
    {%- set of_night = "(" ~ rows ~ ") and not " ~ of_whole -%}
    {% call statement('main') -%}
      delete from {{ table }} where ({{ of_night }}) or {{ of_whole }};
    {%- endcall %}
    {%- do run_query("insert into " ~ table ~ " select * from (" ~ only_read(compiled_code, since)
      ~ "\n) as made where " ~ of_night) -%}
    {%- if run_query("select count(*) from touched.practices")[0][0] > 0 -%}
      {%- do run_query("insert into " ~ table ~ " select * from (" ~ only_read(compiled_code, since, 'practices')
        ~ "\n) as made where " ~ of_whole) -%}
    {%- endif -%}
  {%- else -%}
    {%- set nightly = config.get('nightly') -%}
    {%- set told = "select *" ~ (' exclude (' ~ nightly | join(', ') ~ ')' if nightly else '') ~ " from " ~ table
      ~ " where " ~ (config.get('marks') or '') | replace('{from}', since or '') -%}
    {%- if since and config.get('marks') -%}
      {%- do run_query("create or replace temp table told_before as " ~ told) -%}
    {%- endif -%}
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
    {%- if since and config.get('marks') -%}
      {%- do run_query("insert into touched.practices select practice_id from ((" ~ told ~ " except all from told_before)"
        ~ " union all (from told_before except all " ~ told ~ ")) except select practice_id from touched.practices") -%}
    {%- endif -%}
  {%- endif -%}
  {{ adapter.commit() }}
  {{ return({'relations': [table]}) }}
{% endmaterialization %}

{#- The first month that every practice is made again from, as SQL, in a build of only what a night touched. -#}
{% macro touched_since() -%}
  {%- if execute -%}
    {%- set found = run_query("select getvariable('touched_since')[1]") -%}
    {{ return("'" ~ found[0][0] ~ "'::date" if found[0][0] else none) }}
  {%- endif -%}
  {{ return(none) }}
{%- endmacro %}

{#- The rows of practices that are made again as a whole. -#}
{% macro of_whole_practices() -%}
  {{ return("practice_id in (select touched.practice_id from touched.practices as touched)") }}
{%- endmacro %}

{#- What dbt asks of a check. One that is `touched` looks, in a build of only what a night touched, at what was made. -#}
{% macro duckdb__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
  {%- set since = touched_since() if config.get('touched') else none -%}
  {%- set checked = only_read(main_sql, since, 'both') if since else main_sql -%}
  {{ return(default__get_test_sql(checked, fail_calc, warn_if, error_if, limit)) }}
{%- endmacro %}

{#- The metrics that every night makes again as a whole, as SQL texts with commas. -#}
{% macro metrics_made_whole() -%}
  {%- set names = [] -%}
  {%- for node in graph.nodes.values() if 'metrics' in node.fqn and node.resource_type == 'model' -%}
    {%- if not node.config.get('touched') -%}{%- do names.append("'" ~ node.name ~ "'") -%}{%- endif -%}
  {%- endfor -%}
  {{ return(names | join(', ') or 'null') }}
{%- endmacro %}

{#- A query that looks at no more rows of each model than it needs: those of the months, of whole practices, or both. -#}
{% macro only_read(query, since, which='months') -%}
  {%- set rewritten = namespace(query=query) -%}
  {%- for parent in model.depends_on.nodes if parent in graph.nodes -%}
    {%- set read = graph.nodes[parent] -%}
    {%- set of_read = read.config.get('read') or read.config.get('touched') -%}
    {%- set needed = (config.get('reads') or {}).get(read.name, 0) -%}
    {%- if of_read -%}
      {#- A week more, as nights, weeks and clocks do not begin with the month. -#}
      {%- set day = "(" ~ since ~ " - interval " ~ needed ~ " month - interval 7 day)" if needed is number else since -%}
      {%- set of_months = (of_read if needed is number else needed) | replace('{from}', day)
        | replace('{made_whole}', metrics_made_whole()) -%}
      {%- set rows = {'months': of_months, 'practices': of_whole_practices(),
        'both': "(" ~ of_months ~ ") or " ~ of_whole_practices()}[which] -%}
      {%- set rewritten.query = rewritten.query
        | replace(read.relation_name, "(select * from " ~ read.relation_name ~ " where " ~ rows ~ ")") -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(rewritten.query) }}
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
