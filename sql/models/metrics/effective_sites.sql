{{ config(touched="month >= {from}") }}
-- one row per practice and month
with states as (
    select
        months.practice_id,
        months.month,
        coalesce(spread.reviews, 0) as reviews,
        spread.reviews_squared,
        spread.left_out,
        coalesce(
            spread.not_covered_why, case when spread.practice_id is null then 'no review site is connected' end
        ) as not_measured_why,
        case
            when not_measured_why is not null then 'not_measured'
            when spread.reviews < 10 then 'too_few'
            else 'value'
        end as state
    from {{ ref('practice_months') }} as months
    left join {{ ref('review_spread') }} as spread
        on months.practice_id = spread.practice_id and months.month = spread.month
)

select
    practice_id,
    '' as site,
    month,
    '' as part,
    case when state = 'value' then effective_number(reviews, reviews_squared) end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    null::bigint as numerator,
    reviews::bigint as sample_size,
    state,
    coalesce(not_measured_why, left_out)::varchar as reason
from states
