-- one row: which night, which inputs, which way of counting
select
    as_of_night,
    inputs_id,
    '{{ var("score_version") }}' as score_version
from {{ ref('build') }}
