{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with proofs as (
    select
        practice_id,
        site,
        date_trunc('month', night)::date as month,
        count(*) as complete_lists
    from {{ ref('listings') }}
    where was_complete
    group by practice_id, site, date_trunc('month', night)
),

removals as (
    select
        practice_id,
        site,
        date_trunc('month', removed_on)::date as month,
        count(*) as number
    from {{ ref('reviews') }}
    where removed_on is not null
    group by practice_id, site, date_trunc('month', removed_on)
),

counts as (
    select
        months.practice_id,
        months.site,
        months.month,
        '' as part,
        -- No removal found is a row that is not there; whether it is a zero, the complete lists of the month say.
        coalesce(removals.number, 0) as number,
        coalesce(removals.number, 0) as sample_size,
        case when proofs.complete_lists is null then 'no complete list was read in the month' end as not_measured_why
    from {{ ref('months') }} as months
    left join proofs
        on months.practice_id = proofs.practice_id and months.site = proofs.site and months.month = proofs.month
    left join removals
        on months.practice_id = removals.practice_id and months.site = removals.site and months.month = removals.month
)

{{ count_figures('counts') }}
