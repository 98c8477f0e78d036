{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with newest as (
    select
        practice_id,
        site,
        month,
        -- Where two sources read one site, what was read last.
        arg_max(
            struct_pack(average := shown_average, number := shown_count, on_night := shown_on), (shown_on, source)
        ) as shown
    from {{ ref('platform_totals') }}
    where shown_on is not null
    group by practice_id, site, month
)

select
    months.practice_id,
    months.site,
    months.month,
    '' as part,
    newest.shown['average']::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    newest.shown['number']::bigint as numerator,
    coalesce(newest.shown['number'], 0)::bigint as sample_size,
    case when newest.shown is null then 'not_measured' else 'value' end as state,
    coalesce(
        'shown on ' || strftime(newest.shown['on_night'], '%Y-%m-%d'),
        months.not_covered_why,
        'no rating that the site itself shows is on record'
    )::varchar as reason
from {{ ref('months') }} as months
left join newest
    on
        months.practice_id = newest.practice_id
        and months.site = newest.site
        and months.month = newest.month
