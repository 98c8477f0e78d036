{#- The condition of a join of what belongs to one practice on one site, as one source reads it. -#}
{% macro same_place(one, other) -%}
{{ one }}.practice_id = {{ other }}.practice_id
and {{ one }}.source = {{ other }}.source
and {{ one }}.site = {{ other }}.site
{%- endmacro %}

{#- What was said in the 90 days of a month and stands, as `talk`, beside all that was judged of it, as `items`. -#}
{% macro standing_talk() -%}
{{ ref('talk') }} as talk
inner join {{ ref('items') }} as items
    on
        {{ same_place('talk', 'items') }}
        and talk.kind = items.kind
        and talk.item_id = items.item_id
        and talk.in_window
        and talk.stands
{%- endmacro %}

{#- One row per practice, month and thread of its 90 days in which the practice answered somebody. -#}
{% macro answered_threads() -%}
select distinct
    practice_id,
    month,
    source,
    site,
    thread
from {{ ref('talk') }}
where in_window and stands and answers_somebody
{%- endmacro %}

{#- One row per practice and month: how much of 90 days was said by voices that their platform does not name. -#}
{% macro unnamed_voices() -%}
select
    practice_id,
    month,
    count(*) as voices
from {{ ref('talk') }}
where in_window and counts and person is null
group by practice_id, month
{%- endmacro %}
