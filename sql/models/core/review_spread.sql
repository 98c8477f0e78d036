{{ config(touched="month >= {from}") }}
-- one row per practice with review sites and month: the reviews of twelve months on all sites that were read in full
select
    practice_id,
    month,
    coalesce(sum(reviews_of_twelve) filter (not_covered_why is null), 0)::bigint as reviews,
    coalesce(sum(reviews_of_twelve * reviews_of_twelve) filter (not_covered_why is null), 0)::bigint as reviews_squared,
    case
        when count(*) filter (not_covered_why is null) = 0
            then string_agg(site_name(site) || ': ' || not_covered_why, '; ' order by site)
    end as not_covered_why,
    -- A site that was not read in full is left out, and what rests on the others says so.
    'without ' || string_agg(site_name(site) || ' (' || not_covered_why || ')', ', ' order by site) filter (
        not_covered_why is not null
    ) as left_out
from {{ ref('review_counts') }}
group by practice_id, month
