-- one row per practice and month
with counted as (
    select
        practice_id,
        month,
        count(*) filter (named = 'practice') as own,
        count(*) as mentions
    from {{ ref('named_practices') }}
    group by practice_id, month
),

searched as (
    select
        practice_id,
        month,
        'searched on ' || string_agg(site_name(site), ', ' order by site) filter (night is not null) as searched_on,
        'without ' || string_agg(site_name(site) || ' (' || not_searched_why || ')', ', ' order by site) filter (
            night is null
        ) as left_out,
        case
            when count(night) = 0 then string_agg(site_name(site) || ': ' || not_searched_why, '; ' order by site)
        end as not_searched_why
    from {{ ref('name_searches') }}
    group by practice_id, month
),

others as (
    select
        practice_id,
        'beside ' || string_agg(shown, ', ' order by shown) as beside
    from {{ ref('compared') }}
    where named <> 'practice'
    group by practice_id
),

shares as (
    select
        months.practice_id,
        '' as site,
        months.month,
        coalesce(counted.own, 0) as numerator,
        coalesce(counted.mentions, 0) as sample_size,
        concat_ws('; ', others.beside, searched.searched_on, searched.left_out) as reason,
        case
            when others.practice_id is null then 'no other practices were named'
            when searched.practice_id is null then 'no platform was searched for their names'
            else searched.not_searched_why
        end as not_measured_why
    from {{ ref('practice_months') }} as months
    left join others on months.practice_id = others.practice_id
    left join searched on months.practice_id = searched.practice_id and months.month = searched.month
    left join counted on months.practice_id = counted.practice_id and months.month = counted.month
)

{{ share_figures('shares', fewest=30) }}
