{{ config(touched="month >= {from}", reads={"month_stars": 23}) }}
-- one row per practice, site, month and metric whose last months have moved away from the twelve months before them
with values_of_months as (
    select
        practice_id,
        site,
        month,
        'mean_stars' as metric,
        star_sum as total,
        -- A month's stars squared, from its five counts.
        star_counts[1] + 4 * star_counts[2] + 9 * star_counts[3] + 16 * star_counts[4] + 25 * star_counts[5] as squares,
        rated as size
    from {{ ref('month_stars') }}
    union all
    select
        practice_id,
        site,
        month,
        'low_share' as metric,
        low_rated as total,
        low_rated as squares,
        rated as size
    from {{ ref('month_stars') }}
),

-- Twelve months watched after twelve of base; on a shorter record as many as there are after its first twelve.
windows as (
    select
        *,
        least(12, row_number() over months_so_far - 12) as watched
    from values_of_months
    window months_so_far as (partition by practice_id, site, metric order by month)
),

evidence as (
    select
        windows.practice_id,
        windows.site,
        windows.month,
        windows.metric,
        windows.watched,
        [
            sum(past.total) filter (past.month <= windows.month - interval (windows.watched) month),
            sum(past.squares) filter (past.month <= windows.month - interval (windows.watched) month),
            sum(past.size) filter (past.month <= windows.month - interval (windows.watched) month)
        ]::bigint[] as base,
        list(past.total order by past.month)
        filter (past.month > windows.month - interval (windows.watched) month)::bigint[] as totals,
        list(past.size order by past.month)
        filter (past.month > windows.month - interval (windows.watched) month)::bigint[] as sizes
    from windows
    inner join values_of_months as past
        on
            windows.practice_id = past.practice_id
            and windows.site = past.site
            and windows.metric = past.metric
            and past.month > windows.month - interval (windows.watched + 12) month
            and windows.month >= past.month
    where windows.watched >= 3
    group by windows.practice_id, windows.site, windows.month, windows.metric, windows.watched
),

found as (
    select
        *,
        sustained_change(base, totals, sizes) as change
    from evidence
)

select
    practice_id,
    site,
    month,
    metric,
    change['verdict'] as verdict,
    (month - interval (change['months_ago']) month)::date as since,
    base[3] as base_size,
    list_sum(sizes)::bigint as size,
    (base[1]::decimal(18, 6) / base[3])::decimal(18, 6) as base_value,
    (list_sum(totals)::decimal(18, 6) / list_sum(sizes))::decimal(18, 6) as value
from found
where change is not null
