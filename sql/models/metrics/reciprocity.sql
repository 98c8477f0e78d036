{{ config(touched="month >= {from}") }}
-- one row per practice and month
with mentions as (
    select
        months.practice_id,
        months.month,
        months.talk_left_out,
        coalesce(sum(talk.others_named) filter (talk.voice = 'practice'), 0)::bigint as outgoing,
        count(*) filter (talk.counts and talk.names_account) as incoming,
        case
            when months.talk_not_covered_why is not null then months.talk_not_covered_why
            when count(*) filter (talk.counts and talk.person is not null) = 0 and count(*) filter (talk.counts) > 0
                then 'the platforms do not say who speaks'
        end as not_measured_why
    from {{ ref('practice_months') }} as months
    left join {{ ref('talk') }} as talk
        on
            months.practice_id = talk.practice_id
            and months.month = talk.month
            and talk.in_window
            and talk.stands
    group by months.practice_id, months.month, months.talk_left_out, months.talk_not_covered_why
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
