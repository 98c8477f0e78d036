{{ config(touched="month >= {since}", reads={"reputation_scores": "month >= {since}"}) }}
-- one row per practice, month and part, over all sites that may be combined (a second part only where there is a
-- cluster)
select
    practice_id,
    site,
    month,
    part,
    value,
    low,
    high,
    case when state <> 'not_measured' then reviews_of_year end::bigint as numerator,
    reviews::bigint as sample_size,
    state,
    reason
from {{ ref('reputation_scores') }}
where site = ''
