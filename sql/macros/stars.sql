{#- The stars by which a review or one of its versions is compared: a recommendation stands for five of them and a
    warning for one. -#}
{% macro score_stars(stars, state) -%}
coalesce({{ stars }}, case {{ state }} when 'recommended' then 5 when 'not_recommended' then 1 end)::tinyint
{%- endmacro %}

{#- A column of a review as it stood in the months of a row of `star_spans`, of a left join of both. -#}
{% macro as_it_stood(review, column) -%}
case when star_spans.item_id is null then {{ review }}.{{ column }} else star_spans.{{ column }} end
{%- endmacro %}
