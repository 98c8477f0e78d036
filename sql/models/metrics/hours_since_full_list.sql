{{ config(touched="month >= {from}", reads={"visited_months": "true"}) }}
-- one row per practice, site and month
with lists as (
    select
        practice_id,
        site,
        month,
        -- A receipt stays true when what it counted has expired.
        max(last_whole_visit) as last_list
    from {{ ref('visited_months') }}
    where last_whole_visit is not null
    group by practice_id, site, month
),

known as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        lists.last_list,
        24 * (least(months.next_month, months.as_of_night) - lists.last_list) as hours
    from {{ ref('months') }} as months
    -- The newest month with a list; its last night is that of the 1st after it.
    asof left join lists
        on
            months.practice_id = lists.practice_id
            and months.site = lists.site
            and months.month >= lists.month
),

states as (
    select
        *,
        case when hours is null then 'not_measured' when hours = 0 then 'zero' else 'value' end as state
    from known
)

select
    practice_id,
    site,
    month,
    '' as part,
    hours::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    null::bigint as numerator,
    -- The one list.
    (last_list is not null)::bigint as sample_size,
    state,
    coalesce(
        'last complete list read on ' || strftime(last_list, '%Y-%m-%d'),
        not_covered_why,
        'no complete list was read by then'
    )::varchar as reason
from states
