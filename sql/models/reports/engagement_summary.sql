-- one row per practice and month: how firm the Engagement Quality Score is, and what it rests on
select
    practice_id,
    month,
    people::integer as people,
    acts::integer as acts,
    case when is_enough and not_measured_why is null then scored['firmness'] end as firmness,
    not_known,
    talk_left_out as left_out
from {{ ref('engagement') }}
where is_current
