{#- What metrics have in common. A metric is a table of `practice_id, site, month, part` and a figure. -#}

{#- The last SELECT of a share: from a CTE with practice_id, site, month, numerator, sample_size, reason and
    not_measured_why. Below ten a percentage says nothing, so only "k of n" is left to print. -#}
{% macro share_figures(cte) %}
select
    practice_id,
    site,
    month,
    '' as part,
    case when state in ('value', 'zero') then numerator::decimal(18, 6) / sample_size end::decimal(18, 6) as value,
    case when state in ('value', 'zero') then wilson(numerator, sample_size).low end::decimal(18, 6) as low,
    case when state in ('value', 'zero') then wilson(numerator, sample_size).high end::decimal(18, 6) as high,
    case when state <> 'not_measured' then numerator end::bigint as numerator,
    sample_size::bigint as sample_size,
    state,
    coalesce(not_measured_why, reason)::varchar as reason
from (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when sample_size < 10 then 'too_few'
            when numerator = 0 then 'zero'
            else 'value'
        end as state
    from {{ cte }}
) as shares
{% endmacro %}

{#- The last SELECT of a count: from a CTE with practice_id, site, month, part, number, sample_size and
    not_measured_why, which makes a number a lower bound and a zero nothing at all. -#}
{% macro count_figures(cte) %}
select
    practice_id,
    site,
    month,
    part::varchar as part,
    case when number > 0 or not_measured_why is null then number end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when number > 0 or not_measured_why is null then number end::bigint as numerator,
    sample_size::bigint as sample_size,
    case when number > 0 then 'value' when not_measured_why is null then 'zero' else 'not_measured' end as state,
    not_measured_why::varchar as reason
from {{ cte }}
{% endmacro %}
