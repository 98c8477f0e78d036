{{ config(touched=true) }}
-- one row per figure whose value, bounds and state contradict each other
select
    practice_id,
    site,
    month,
    metric,
    part,
    state,
    value,
    low,
    high,
    reason
from {{ ref('figures') }}
where
    state not in ('value', 'zero', 'not_measured', 'too_few')
    or (state in ('value', 'zero')) <> (value is not null)
    or (state = 'zero') <> coalesce(value = 0, false)
    or (state = 'not_measured' and reason is null)
    or (low is null) <> (high is null)
    or (value is null and low is not null)
    or sample_size is null
