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
        bool_or(counts and person is null) as has_unknown_people,
        bit_xor(hash(item_id)) as said
    from messages
    group by practice_id, month, source, site, thread
),

-- Most threads begin and end within the 90 days of three or four months; the same words are looked at in the first.
conversations as (
    select
        *,
        min(month) over (partition by practice_id, source, site, thread, said) as first_month
    from contents
    where is_own or practice_spoke
),

spoken as (
    select
        messages.practice_id,
        messages.month,
        messages.source,
        messages.site,
        messages.thread,
        messages.kind,
        messages.item_id,
        messages.speaker,
        messages.created_local
    from messages
    semi join conversations
        on
            messages.practice_id = conversations.practice_id
            and messages.month = conversations.first_month
            and messages.source = conversations.source
            and messages.site = conversations.site
            and messages.thread = conversations.thread
    union all
    select
        conversations.practice_id,
        conversations.month,
        conversations.source,
        conversations.site,
        conversations.thread,
        posts.kind,
        posts.item_id,
        coalesce(posts.person, 'nobody known') as speaker,
        posts.created_local
    from conversations
    inner join {{ of_practices('talk_items') }} as posts
        on
            conversations.practice_id = posts.practice_id
            and conversations.source = posts.source
            and conversations.site = posts.site
            and conversations.thread = posts.item_id
            and posts.kind = 'post'
            and posts.voice <> 'team'
            -- Who only asks whom to go to has not spoken to the practice.
            and posts.to_practice
    where conversations.month = conversations.first_month
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
)

select
    conversations.practice_id,
    conversations.month,
    conversations.source,
    conversations.site,
    conversations.thread,
    conversations.is_own,
    conversations.practice_spoke,
    conversations.outside_comments,
    conversations.substantive_comments,
    conversations.people_spoke_to_each_other,
    conversations.has_disclosure,
    conversations.has_unknown_people,
    lengths.turns,
    lengths.most_turns_of_one_outside,
    lengths.turns >= 3
    and (lengths.most_turns_of_one_outside >= 2 or conversations.people_spoke_to_each_other)
    and not conversations.has_disclosure as is_deep
from conversations
inner join lengths
    on
        conversations.practice_id = lengths.practice_id
        and conversations.first_month = lengths.month
        and conversations.source = lengths.source
        and conversations.site = lengths.site
        and conversations.thread = lengths.thread
