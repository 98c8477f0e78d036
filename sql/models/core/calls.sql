{{ config(by_practice=true, touched="month >= {from}") }}
-- one row per practice, month and public item (source, site, kind, item_id) that calls for an answer of the practice
-- (`is_call`), or would be answered by who likes to talk: a request or thanks (`wants_reply`, with questions and
-- complaints)
with items as (
    select
        *,
        asks or addresses as is_call,
        {{ two_business_days_after('created_local') }} as due
    from {{ of_practices('talk') }} as talk
    where
        in_window and can_reply and is_voice and to_practice and kind <> 'share' and (asks or addresses or wants_reply)
),

answers as (
    select
        items.practice_id,
        items.month,
        items.source,
        items.site,
        items.kind,
        items.item_id,
        min(replies.created_local) as answered_local,
        min(replies.created_at) as answered_at
    from items
    inner join {{ of_practices('talk') }} as replies
        on
            items.practice_id = replies.practice_id
            and items.month = replies.month
            and items.source = replies.source
            and items.site = replies.site
            and items.thread = replies.thread
            and replies.kind = 'comment'
            and replies.voice = 'practice'
            and items.created_local <= replies.created_local
            and (
                items.item_id = replies.parent_id
                or items.branch = replies.branch
                or list_contains(replies.mention_keys, items.author_key)
            )
            -- A like or an emoji is no answer, and neither is one that tells whose patient somebody is.
            and not replies.is_mute
            and not replies.discloses
            -- An answer that was taken back is none; one that went with its question was one.
            and (replies.stands or items.removed_on <= replies.removed_on)
    group by items.practice_id, items.month, items.source, items.site, items.kind, items.item_id
)

select
    items.practice_id,
    items.month,
    items.source,
    items.site,
    items.kind,
    items.item_id,
    items.thread,
    items.is_question,
    items.is_call,
    items.wants_reply,
    items.created_local,
    items.due,
    answers.answered_local,
    case
        when answers.answered_local is not null
            then
                greatest(
                    0,
                    date_diff(
                        'second',
                        coalesce(items.created_at, items.created_local),
                        coalesce(answers.answered_at, answers.answered_local)
                    )
                )
    end as seconds_to_answer,
    date_diff('second', items.created_local, items.cutoff) as seconds_watched,
    {{ business_seconds_until('answers.answered_local') }}
    - {{ business_seconds_until('items.created_local') }} as business_seconds_to_answer,
    {{ business_seconds_until('items.cutoff') }}
    - {{ business_seconds_until('items.created_local') }} as business_seconds_watched,
    case
        -- By its owner's own word, as of the month whose end came after it.
        when handled_privately.handled_on < items.next_month then 'handled privately'
        when answers.answered_local <= items.due then 'in time'
        when answers.answered_local is not null then 'late'
        when items.due > items.cutoff then 'pending'
        else 'unanswered'
    end as outcome
from items
left join answers
    on
        items.practice_id = answers.practice_id
        and items.month = answers.month
        and items.source = answers.source
        and items.site = answers.site
        and items.kind = answers.kind
        and items.item_id = answers.item_id
left join {{ ref('handled_privately') }} as handled_privately
    on
        items.practice_id = handled_privately.practice_id
        and items.source = handled_privately.source
        and items.site = handled_privately.site
        and items.kind = handled_privately.kind
        and items.item_id = handled_privately.item_id
