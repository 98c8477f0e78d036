{{ config(read="month >= {from}") }}
-- one row per practice, review site and month, a quiet month too: the spine of every metric of reviews
select
    practice_id,
    site,
    month,
    next_month,
    as_of_night,
    can_reply,
    days,
    not_covered_why
from {{ ref('site_months') }}
where has_reviews
