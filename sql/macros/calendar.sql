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

{#- Seconds of business hours up to a moment since a Monday long ago: 9 to 17 o'clock on the business days of above. Two
    moments are as far apart as there was time to answer between them. -#}
{% macro business_seconds_until(moment) -%}
(
    (date_diff('week', '1900-01-01'::date, {{ moment }}) * 5 + least(isodow({{ moment }}) - 1, 5)) * 28800
    + case
        when isodow({{ moment }}) < 6
            then least(greatest(date_diff('second', date_trunc('day', {{ moment }}), {{ moment }}) - 32400, 0), 28800)
        else 0
    end
)
{%- endmacro %}

{#- The month whose report is the first to know a night: a report is made on the 2nd of the month after. -#}
{% macro report_of(night) -%}
date_trunc('month', {{ night }} - 2)::date
{%- endmacro %}
