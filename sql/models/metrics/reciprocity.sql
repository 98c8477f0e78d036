{{ config(touched="month >= {from}") }}
-- one row per practice and month
with said as (
    select
        practice_id,
        month,
        sum(others_named) filter (voice = 'practice') as outgoing,
        count(*) filter (counts and names_account) as incoming,
        count(*) filter (counts) as voices,
        count(*) filter (counts and person is not null) as known_voices
    from {{ ref('talk') }}
    where in_window and stands
    group by practice_id, month
),

mentions as (
    select
        months.practice_id,
        months.month,
        months.talk_left_out,
        coalesce(said.outgoing, 0)::bigint as outgoing,
        coalesce(said.incoming, 0) as incoming,
        case
            when months.talk_not_covered_why is not null then months.talk_not_covered_why
            when said.known_voices = 0 and said.voices > 0 then 'the platforms do not say who speaks'
        end as not_measured_why
    from {{ ref('practice_months') }} as months
    left join said on months.practice_id = said.practice_id and months.month = said.month
),

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when incoming < 5 then 'too_few'
            when outgoing = 0 then 'zero'
            else 'value'
        end as state
    from mentions
)

select
    practice_id,
    '' as site,
    month,
    '' as part,
    case when state in ('value', 'zero') then outgoing::decimal(18, 6) / incoming end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when state <> 'not_measured' then outgoing end::bigint as numerator,
    incoming::bigint as sample_size,
    state,
    coalesce(not_measured_why, talk_left_out)::varchar as reason
from states
