{{ config(touched="month >= {from}") }}
-- one row per source, site, practice and month in which there was a visit, and month of the report that knows of it
-- first: what the nights of both were like. The night of the 1st reads the last day of the month before.
select
    source,
    site,
    practice_id,
    date_trunc('month', night - 1)::date as month,
    {{ report_of('night') }} as report_month,
    count(*) as nights_visited,
    count(*) filter (was_read) as nights_read,
    max(set_aside) as set_aside,
    min(night) as first_night,
    max(night) as last_night,
    min(night) filter (was_read) as first_read,
    max(night) filter (was_read) as last_read,
    min(night) filter (was_complete) as first_list,
    max(night) filter (was_complete) as last_list,
    max(night) filter (listed_everything) as last_whole_visit,
    -- What was told last, and when.
    max(night) filter (was_read and can_reply is not null) as last_told_when_read,
    arg_max(can_reply, night) filter (was_read) as can_reply_when_read,
    max(night) filter (can_reply is not null) as last_told,
    arg_max(can_reply, night) as can_reply,
    arg_max(struct_pack(left_out := was_left_out, was_read := was_read, why := why), night) as newest,
    max(night) filter (not was_read and not was_left_out) as last_failure,
    arg_max(struct_pack(why := why), night) filter (not was_read and not was_left_out) as newest_failure
from {{ ref('listings') }}
group by source, site, practice_id, date_trunc('month', night - 1), {{ report_of('night') }}
