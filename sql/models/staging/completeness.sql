{{ config(materialized='view', read="night >= {from}") }}
-- one row per visit of a night to one site of one practice
select
    source::varchar as source,
    site::varchar as site,
    night::date as night,
    label::varchar as label,
    practice_id::varchar as practice_id,
    status::varchar as status,
    complete::boolean as complete,
    can_reply::boolean as can_reply,
    expected::bigint as expected,
    fetched::bigint as fetched,
    set_aside::bigint as set_aside,
    why::varchar as why
from {{ source('inputs', 'completeness') }}
