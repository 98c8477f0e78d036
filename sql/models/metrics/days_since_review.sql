{{ config(touched="month >= {from}", reads={"reviews": "true"}) }}
-- one row per practice, site and month
with standing as (
    select
        practice_id,
        site,
        month,
        max(created_local)::date as newest,
        count(*) as reviews
    from {{ ref('reviews') }}
    where counted and removed_on is null
    group by practice_id, site, month
),

so_far as (
    select
        practice_id,
        site,
        month,
        max(newest) over months_so_far as newest,
        sum(reviews) over months_so_far as reviews
    from standing
    window months_so_far as (partition by practice_id, site order by month)
),

-- What was removed stood at the ends of the months before.
gone_later as (
    select
        months.practice_id,
        months.site,
        months.month,
        max(reviews.created_local)::date as newest,
        count(*) as reviews
    from {{ ref('months') }} as months
    inner join {{ ref('reviews') }} as reviews
        on
            months.practice_id = reviews.practice_id
            and months.site = reviews.site
            and months.month >= reviews.month
            and months.next_month <= reviews.removed_on
            and reviews.counted
    group by months.practice_id, months.site, months.month
),

known as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        -- greatest() leaves out what is missing. The last day is the month's, or the one before the night.
        months.month + months.days::integer - 1 - greatest(so_far.newest, gone_later.newest) as days,
        coalesce(so_far.reviews, 0) + coalesce(gone_later.reviews, 0) as reviews
    from {{ ref('months') }} as months
    asof left join so_far
        on
            months.practice_id = so_far.practice_id
            and months.site = so_far.site
            and months.month >= so_far.month
    left join gone_later
        on
            months.practice_id = gone_later.practice_id
            and months.site = gone_later.site
            and months.month = gone_later.month
),

states as (
    select
        *,
        case
            when not_covered_why is not null then 'not_measured'
            when reviews = 0 then 'too_few'
            when days > 0 then 'value'
            else 'zero'
        end as state
    from known
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state in ('value', 'zero') then greatest(0, days) end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    null::bigint as numerator,
    reviews::bigint as sample_size,
    state,
    not_covered_why::varchar as reason
from states
