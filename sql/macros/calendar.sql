{#- Two business days later: Monday to Friday, from the next Monday for what comes at a weekend. Public holidays differ
    from place to place and count as business days. -#}
{% macro two_business_days_after(moment) -%}
case isodow({{ moment }})
    when 6 then date_trunc('day', {{ moment }}) + interval 4 day
    when 7 then date_trunc('day', {{ moment }}) + interval 3 day
    when 4 then {{ moment }} + interval 4 day
    when 5 then {{ moment }} + interval 4 day
    else {{ moment }} + interval 2 day
end
{%- endmacro %}

{#- The month whose report is the first to know a night: a report is made on the 2nd of the month after. -#}
{% macro report_of(night) -%}
date_trunc('month', {{ night }} - 2)::date
{%- endmacro %}
