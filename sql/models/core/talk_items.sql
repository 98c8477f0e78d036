{{ config(
    by_practice=true,
    touched="created_local >= {from} - interval 5 month",
    reads={
        "items": "(
            created_local >= {from} - interval 8 month
            or item_id in (
                select unnest([thread_id, parent_id]) from core.items
                where kind in ('comment', 'share') and created_local >= {from} - interval 8 month
            )
        )",
        "talk_sites": 5,
    },
) }}
-- one row per post, comment and share (source, site, practice_id, kind, item_id), with what the stated rules make of it
-- Not written down in between: of thirty columns, what asks for three of them reads three. The few that a night touched
-- are, because to find them asks as much as to read them.
with items as {{ when_touched('materialized', otherwise='not materialized') }} (
    select
        *,
        case
            when kind = 'post' then item_id
            when kind = 'share' then coalesce(thread_id, parent_id)
            else thread_id
        end as thread
    from {{ of_practices('items') }} as items
    where kind in ('post', 'comment', 'share') and created_local is not null
),

beside as (
    select
        items.*,
        coalesce(items.voice in ('outside', 'organisation'), false) as is_outside,
        posts.voice as thread_voice,
        coalesce(posts.voice = 'practice', false) as below_own_post,
        coalesce(list_contains(posts.acts, 'contest'), false) as below_contest,
        answered.voice as answered_voice,
        answered.author_key as answered_key,
        -- Below a post an answer to the post opens a branch; some platforms file everything else under that opening.
        case when items.parent_id <> items.thread then items.parent_id end as branch
    from items
    left join items as posts
        on
            items.source = posts.source
            and items.site = posts.site
            and items.practice_id = posts.practice_id
            and items.thread = posts.item_id
            and posts.kind = 'post'
    left join items as answered
        on
            items.source = answered.source
            and items.site = answered.site
            and items.practice_id = answered.practice_id
            and items.parent_id = answered.item_id
            and answered.kind in ('post', 'comment')
),

told as not materialized (
    select
        source,
        site,
        practice_id,
        kind,
        item_id,
        thread,
        branch,
        parent_id,
        voice,
        is_outside,
        -- An account on one platform. Where the terms allow no pseudonym it is nobody we could count.
        case
            when voice = 'practice' then 'practice'
            when author_key is not null then source || '/' || site || '/' || author_key
        end as person,
        author_key,
        created_at,
        created_local,
        hidden_on,
        removed_on,
        place,
        matched,
        coalesce(mention_keys, []) as mention_keys,
        len(list_distinct(coalesce(mention_keys, [])))
        - list_contains(coalesce(mention_keys, []), 'practice')::integer as others_named,
        text_key,
        content_type,
        url,
        page,
        position,
        below_own_post,
        thread_voice,
        answered_voice,
        answered_key,
        coalesce(disclosure = 'pattern', false) as discloses,
        -- Said to the practice or of it: strangers' talk around it is nobody's engagement.
        below_own_post
        or coalesce(answered_voice = 'practice', false)
        or matched is not null
        or list_contains(coalesce(mention_keys, []), 'practice') as to_practice,
        -- Without a word: pictures, emoji, likes by another name.
        kind = 'comment' and (not has_text or coalesce(emoji_only, false)) as is_mute,
        list_contains(coalesce(acts, []), 'spam') as is_spam,
        below_contest or list_contains(coalesce(acts, []), 'contest') as is_contest,
        list_contains(coalesce(acts, []), 'substantive') as is_substantive,
        list_has_any(coalesce(acts, []), ['question', 'complaint']) as asks,
        list_contains(coalesce(acts, []), 'question') as is_question,
        kind = 'comment'
        and list_has_any(coalesce(acts, []), ['question', 'complaint', 'request', 'thanks']) as wants_reply,
        -- Neither answer stands where nobody asked: outside of communities, in other languages, and before there was
        -- the question.
        case
            when list_has_any(coalesce(acts, []), ['asks_recommendation', 'asks_no_recommendation'])
                then list_contains(acts, 'asks_recommendation')
        end as asks_recommendation,
        coalesce(matched = 'handle', false)
        or list_contains(coalesce(mention_keys, []), 'practice') as names_account,
        -- Below the practice's own posts and after its own words some networks write its name into every answer.
        coalesce(matched = 'handle', false)
        or (
            list_contains(coalesce(mention_keys, []), 'practice')
            and not below_own_post
            and not coalesce(answered_voice = 'practice', false)
        ) as addresses,
        kind = 'share' or list_contains(coalesce(acts, []), 'advocacy') as advocates,
        list_contains(coalesce(acts, []), 'discouragement') as discourages
    from beside
),

-- Few words are said twice, and only these have to be looked at in each month's window.
twins as (
    select
        source,
        site,
        practice_id,
        kind,
        item_id,
        created_local,
        removed_on,
        text_key,
        to_practice,
        is_contest,
        -- Whose words they are is not always known; then equal words in one thread are one.
        coalesce(author_key, thread) as said_by
    from told
    -- Asked of a practice's texts first, because to tell apart who said them, and where, sorts all that is looked at.
    where
        (practice_id, text_key) in (
            select (texts.practice_id, texts.text_key) from items as texts
            where texts.text_key is not null
            group by texts.practice_id, texts.text_key
            having count(*) > 1
        )
    qualify count(*) over (
        partition by practice_id, source, site, kind, is_contest, to_practice, text_key, coalesce(author_key, thread)
    ) > 1
),

in_windows as (
    select
        twins.*,
        talk_sites.month,
        row_number() over (
            partition by
                twins.practice_id,
                talk_sites.month,
                twins.created_local >= talk_sites.window_start,
                twins.removed_on is null or twins.removed_on >= talk_sites.next_month,
                twins.source,
                twins.site,
                twins.kind,
                twins.is_contest,
                twins.to_practice,
                twins.text_key,
                twins.said_by
            order by twins.created_local, twins.item_id
        ) as time_said
    from twins
    inner join {{ of_practices('talk_sites') }} as talk_sites
        on
            twins.practice_id = talk_sites.practice_id
            and twins.site = talk_sites.site
            and twins.created_local >= talk_sites.past_start
            and twins.created_local < talk_sites.cutoff
            and talk_sites.not_covered_why is null
            and (twins.removed_on is null or twins.removed_on >= talk_sites.month)
),

copies as (
    select
        source,
        site,
        practice_id,
        kind,
        item_id,
        list(month order by month) as copied_in
    from in_windows
    where time_said > 1
    group by source, site, practice_id, kind, item_id
)

select
    told.*,
    -- The months in whose windows the same words had been said before.
    copies.copied_in
from told
left join copies
    on
        told.source = copies.source
        and told.site = copies.site
        and told.practice_id = copies.practice_id
        and told.kind = copies.kind
        and told.item_id = copies.item_id
