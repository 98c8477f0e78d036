{{ config(touched="month >= {from}") }}
-- one row per practice, month and outside account (person) that spoke in the 180 days up to the month's end
select
    practice_id,
    month,
    person,
    -- An account is one of one platform.
    any_value(source) as source,
    any_value(site) as site,
    bool_and(past_is_known) as past_is_known,
    bool_or(in_window) as in_window,
    bool_or(not in_window) as in_past,
    count(*) filter (in_window and advocates) as advocacy_acts
from {{ ref('talk') }}
where counts and person is not null
group by practice_id, month, person
