{{ config(by_practice=true, touched="month >= {from}", reads={"talk_items": "kind = 'post'"}) }}
-- one row per practice, month and thread (source, site, thread) of the practice's own or with its words in it
with messages as (
    -- A team's own accounts and what counts for nothing are no part of the conversation.
    select
        *,
        coalesce(person, 'nobody known') as speaker
    from {{ of_practices('talk') }} as talk
    where in_window and stands and kind = 'comment' and (counts or (voice = 'practice' and not is_mute))
),

openings as (
    select distinct
        messages.practice_id,
        messages.month,
        messages.source,
        messages.site,
        messages.thread,
        'post' as kind,
        posts.item_id,
        coalesce(posts.person, 'nobody known') as speaker,
        posts.created_local
    from messages
    inner join {{ of_practices('talk_items') }} as posts
        on
            messages.practice_id = posts.practice_id
            and messages.source = posts.source
            and messages.site = posts.site
            and messages.thread = posts.item_id
            and posts.kind = 'post'
            and posts.voice <> 'team'
),

spoken as (
    select * from messages
    union all by name
    select * from openings
),

ordered as (
    select
        *,
        -- The post comes first whatever its clock says.
        lag(speaker) over (
            partition by practice_id, month, source, site, thread
            order by (kind = 'post') desc, created_local asc, item_id asc
        ) as speaker_before
    from spoken
),

speakers as (
    select
        practice_id,
        month,
        source,
        site,
        thread,
        speaker,
        -- Consecutive messages of one author are one turn.
        count(*) filter (speaker_before is null or speaker_before <> speaker) as turns
    from ordered
    group by practice_id, month, source, site, thread, speaker
),

lengths as (
    select
        practice_id,
        month,
        source,
        site,
        thread,
        sum(turns)::bigint as turns,
        coalesce(max(turns) filter (speaker <> 'practice'), 0) as most_turns_of_one_outside
    from speakers
    group by practice_id, month, source, site, thread
),

contents as (
    select
        practice_id,
        month,
        source,
        site,
        thread,
        bool_or(below_own_post) as is_own,
        bool_or(voice = 'practice') as practice_spoke,
        count(*) filter (counts) as outside_comments,
        count(*) filter (counts and is_substantive) as substantive_comments,
        coalesce(
            bool_or(counts and answered_key <> author_key and answered_voice in ('outside', 'organisation')), false
        ) as people_spoke_to_each_other,
        bool_or(voice = 'practice' and discloses) as has_disclosure,
        bool_or(counts and person is null) as has_unknown_people
    from messages
    group by practice_id, month, source, site, thread
)

select
    contents.*,
    lengths.turns,
    lengths.most_turns_of_one_outside,
    lengths.turns >= 3
    and (lengths.most_turns_of_one_outside >= 2 or contents.people_spoke_to_each_other)
    and not contents.has_disclosure as is_deep
from contents
inner join lengths
    on
        contents.practice_id = lengths.practice_id
        and contents.month = lengths.month
        and contents.source = lengths.source
        and contents.site = lengths.site
        and contents.thread = lengths.thread
where contents.is_own or contents.practice_spoke
