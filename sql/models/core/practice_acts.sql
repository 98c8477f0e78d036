{{ config(touched="month >= {from}") }}
-- one row per practice, month and public act of its accounts in the 90 days: equal words to many are one act
select
    practice_id,
    month,
    coalesce(text_key, source || '/' || site || '/' || kind || '/' || item_id) as act,
    count(*) as times,
    -- Into others' threads and communities, passing on what others wrote, or naming others in a post.
    bool_or(
        (kind = 'comment' and coalesce(thread_voice, 'practice') <> 'practice')
        or (kind = 'share' and thread_voice is distinct from 'practice')
        or (kind <> 'share' and place is not null)
        or (kind = 'post' and others_named > 0)
    ) as reaches_out
from {{ ref('talk') }}
where in_window and stands and voice = 'practice' and not is_mute
group by practice_id, month, coalesce(text_key, source || '/' || site || '/' || kind || '/' || item_id)
