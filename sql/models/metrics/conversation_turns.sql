{{ config(touched="month >= {from}") }}
-- one row per practice, month and part: the 'mean' and the 'median' of the turns of threads in which the practice and
-- somebody else spoke
with lengths as (
    select
        practice_id,
        month,
        sum(turns) filter (not has_unknown_people)::bigint as turns,
        list(turns order by turns) filter (not has_unknown_people) as sorted,
        count(*) filter (not has_unknown_people) as threads,
        count(*) filter (has_unknown_people) as unknown
    from {{ ref('threads') }}
    where practice_spoke and outside_comments > 0
    group by practice_id, month
),

counts as (
    select
        months.practice_id,
        months.month,
        unnest(['mean', 'median']) as part,
        unnest([
            lengths.turns::decimal(18, 6) / nullif(lengths.threads, 0),
            (lengths.sorted[(lengths.threads + 1) // 2] + lengths.sorted[lengths.threads // 2 + 1])::decimal(18, 6) / 2
        ]) as length,
        lengths.turns,
        coalesce(lengths.threads, 0) as threads,
        nullif(
            concat_ws(
                '; ',
                months.talk_left_out,
                case when lengths.unknown > 0 then lengths.unknown || ' could not be told' end
            ),
            ''
        ) as reason,
        coalesce(
            months.talk_not_covered_why,
            case when lengths.threads = 0 then 'the platforms do not say who speaks' end
        ) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join lengths on months.practice_id = lengths.practice_id and months.month = lengths.month
),

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when threads < 5 then 'too_few'
            else 'value'
        end as state
    from counts
)

select
    practice_id,
    '' as site,
    month,
    part,
    case when state = 'value' then length end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when state <> 'not_measured' then coalesce(turns, 0) end::bigint as numerator,
    threads::bigint as sample_size,
    state,
    coalesce(not_measured_why, reason)::varchar as reason
from states
