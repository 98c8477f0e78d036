{#- The condition of a join of what belongs to one practice on one site, as one source reads it. -#}
{% macro same_place(one, other) -%}
{{ one }}.practice_id = {{ other }}.practice_id
and {{ one }}.source = {{ other }}.source
and {{ one }}.site = {{ other }}.site
{%- endmacro %}
