{{ config(touched="month >= {from}") }}
-- one row per practice, source, site and month with a total: what the platform itself counted and showed last in it
with totals as (
    select
        practice_id,
        source,
        site,
        night,
        page,
        position,
        total_count,
        -- Nobody gives less than a star: zero says that there is no rating.
        case when total_average between 1 and 5 then total_average end as average,
        -- The night of the 1st is the last that sees the month before.
        date_trunc('month', night - 1)::date as month
    from {{ ref('features') }}
    where kind = 'total' and total_count is not null
)

select
    practice_id,
    source,
    site,
    month,
    max(night) as counted_on,
    arg_max(total_count, (night, page, position)) as platform_total,
    max(night) filter (average is not null) as shown_on,
    arg_max(average, (night, page, position)) as shown_average,
    arg_max(total_count, (night, page, position)) filter (average is not null) as shown_count
from totals
group by practice_id, source, site, month
