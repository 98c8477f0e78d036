{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
with texts as (
    select
        practice_id,
        site,
        month,
        text_key,
        count(*) as reviews,
        -- Where a site tells no accounts, every review is somebody else's.
        count(distinct coalesce(author_key, item_id)) as authors
    from {{ ref('reviews') }}
    -- Two people may well write "great dentist, thank you" on their own.
    where counted and words >= 5 and text_key is not null
    group by practice_id, site, month, text_key
),

counts as (
    select
        months.practice_id,
        months.site,
        months.month,
        '' as part,
        coalesce(sum(texts.reviews) filter (texts.authors > 1), 0)::bigint as number,
        coalesce(sum(texts.reviews), 0)::bigint as sample_size,
        months.not_covered_why as not_measured_why
    from {{ ref('months') }} as months
    left join texts
        on
            months.practice_id = texts.practice_id
            and months.site = texts.site
            and months.month = texts.month
    group by months.practice_id, months.site, months.month, months.not_covered_why
)

{{ count_figures('counts') }}
