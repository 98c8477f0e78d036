{{ config(touched="month >= {from}") }}
-- one row per practice and month, and one more of the version before in the first month of new weights
with states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when not is_enough then 'too_few'
            when scored['score'] = 0 then 'zero'
            else 'value'
        end as state
    from {{ ref('engagement') }}
)

select
    practice_id,
    '' as site,
    month,
    {{ part_of_version("''") }} as part,
    case when state in ('value', 'zero') then scored['score'] end::decimal(18, 6) as value,
    case when state in ('value', 'zero') then scored['low'] end::decimal(18, 6) as low,
    case when state in ('value', 'zero') then scored['high'] end::decimal(18, 6) as high,
    case when state <> 'not_measured' then acts end::bigint as numerator,
    people::bigint as sample_size,
    state,
    coalesce(
        not_measured_why,
        case when state = 'too_few' then 'too little activity to score' end,
        nullif(concat_ws('; ', 'not known for ' || not_known, talk_left_out), '')
    )::varchar as reason
from states
