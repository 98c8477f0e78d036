{{ config(touched=true, reads={"features": "night >= {from}"}) }}
-- one row per observation or visit of a night that this build must not know yet
select
    'features' as found_in,
    features.source,
    features.night
from {{ ref('features') }} as features
inner join {{ ref('build') }} as build on features.night > build.as_of_night
union all
select
    'completeness' as found_in,
    completeness.source,
    completeness.night
from {{ ref('completeness') }} as completeness
inner join {{ ref('build') }} as build on completeness.night > build.as_of_night
