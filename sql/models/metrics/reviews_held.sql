{{ config(touched="month >= {from}", reads={"reviews": "true"}) }}
-- one row per practice, site and month
with comings_and_goings as (
    select
        practice_id,
        source,
        site,
        first_seen as night,
        1 as change
    from {{ ref('reviews') }}
    union all
    select
        practice_id,
        source,
        site,
        removed_on as night,
        -1 as change
    from {{ ref('reviews') }}
    where removed_on is not null
),

held_since as (
    select
        practice_id,
        source,
        site,
        night,
        sum(sum(change)) over (partition by practice_id, source, site order by night) as reviews
    from comings_and_goings
    group by practice_id, source, site, night
),

newest as (
    select
        practice_id,
        site,
        month,
        -- Where two sources read one site, what was counted last.
        arg_max(
            struct_pack(source := source, number := platform_total, on_night := counted_on), (counted_on, source)
        ) as counted
    from {{ ref('platform_totals') }}
    group by practice_id, site, month
),

beside as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.not_covered_why,
        newest.counted['number'] as number,
        newest.counted['on_night'] as on_night,
        coalesce(held_since.reviews, 0) as held
    from {{ ref('months') }} as months
    left join newest
        on
            months.practice_id = newest.practice_id
            and months.site = newest.site
            and months.month = newest.month
    asof left join held_since
        on
            months.practice_id = held_since.practice_id
            and months.site = held_since.site
            and newest.counted['source'] = held_since.source
            and newest.counted['on_night'] >= held_since.night
),

states as (
    select
        *,
        case
            when number is null then 'not_measured'
            when number = 0 then 'too_few'
            when held = 0 then 'zero'
            else 'value'
        end as state
    from beside
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state in ('value', 'zero') then held::decimal(18, 6) / number end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when state <> 'not_measured' then held end::bigint as numerator,
    coalesce(number, 0)::bigint as sample_size,
    state,
    coalesce(
        'shown on ' || strftime(on_night, '%Y-%m-%d'),
        not_covered_why,
        'the site does not say how many reviews it has'
    )::varchar as reason
from states
