-- one row per topic or alert that texts are judged about
select
    topic::varchar as topic,
    alert::boolean as alert,
    reported::boolean as reported
from {{ source('inputs', 'topics') }}
