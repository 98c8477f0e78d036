{{ config(touched="month >= {from}", reads={"items": "created_local >= {from} - interval 5 month"}) }}
-- one row per practice and month
with posts as (
    select
        talk.practice_id,
        talk.month,
        talk.source,
        talk.site,
        talk.item_id,
        -- What sells asks nobody.
        talk.is_question and coalesce(talk.content_type, '') <> 'promotion' as asks,
        coalesce(list_has_any(items.acts, ['question', 'no_question']), false) as looked_at,
        coalesce(items.sentiment, 'not_checked') <> 'not_checked' as judged
    from {{ standing_talk() }}
    where talk.kind = 'post' and talk.voice = 'practice'
),

answers as (
    {{ answered_threads() }}
),

totals as (
    select
        posts.practice_id,
        posts.month,
        count(*) filter (posts.looked_at and posts.asks and answers.thread is not null) as numerator,
        count(*) filter (posts.looked_at and posts.asks) as sample_size,
        case
            when count(*) filter (posts.looked_at) > 0 then null
            when count(*) filter (posts.judged) > 0 then 'the posts were scored before this was looked for'
            else 'no post with words in a language that is checked'
        end as unknown_why
    from posts
    left join answers
        on
            {{ same_place('posts', 'answers') }}
            and posts.month = answers.month
            and posts.item_id = answers.thread
    group by posts.practice_id, posts.month
),

{{ share_of_talk('totals', unknown_why='totals.unknown_why') }}
