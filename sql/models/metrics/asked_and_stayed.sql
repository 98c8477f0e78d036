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
    select distinct
        practice_id,
        month,
        source,
        site,
        thread
    from {{ ref('talk') }}
    where
        in_window
        and stands
        and kind = 'comment'
        and voice = 'practice'
        and not is_mute
        and answered_voice in ('outside', 'organisation')
),

totals as (
    select
        posts.practice_id,
        posts.month,
        count(*) as posts,
        count(*) filter (posts.judged) as judged,
        count(*) filter (posts.looked_at) as looked_at,
        count(*) filter (posts.looked_at and posts.asks) as asking,
        count(*) filter (posts.looked_at and posts.asks and answers.thread is not null) as stayed
    from posts
    left join answers
        on
            {{ same_place('posts', 'answers') }}
            and posts.month = answers.month
            and posts.item_id = answers.thread
    group by posts.practice_id, posts.month
),

shares as (
    select
        months.practice_id,
        '' as site,
        months.month,
        coalesce(totals.stayed, 0) as numerator,
        coalesce(totals.asking, 0) as sample_size,
        months.talk_left_out as reason,
        coalesce(
            months.talk_not_covered_why,
            case
                when totals.looked_at > 0 then null
                when totals.judged > 0 then 'the posts were scored before this was looked for'
                when totals.posts > 0 then 'no post with words in a language that is checked'
            end
        ) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
)

{{ share_figures('shares') }}
