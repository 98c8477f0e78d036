{{ config(severity='warn') }}
-- one row per practice that has observations but is no longer configured: none of them is in a figure
select
    features.practice_id,
    sum(len(features.nights))::bigint as observations
from {{ ref('features') }} as features
left join {{ ref('practices') }} as practices on features.practice_id = practices.practice_id
where practices.practice_id is null
group by features.practice_id
