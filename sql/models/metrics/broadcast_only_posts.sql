{{ config(touched="month >= {from}") }}
-- one row per practice and month: of the practice's own posts of 90 days below which somebody called for an answer,
-- those below which it answered nobody
with calls as (
    select
        practice_id,
        month,
        source,
        site,
        thread,
        bool_or(answered_local is not null) as was_answered
    from {{ ref('calls') }}
    where is_call
    group by practice_id, month, source, site, thread
    -- What can still be answered in time has not been passed over.
    having bool_or(outcome not in ('pending', 'handled privately'))
),

answers as (
    {{ answered_threads() }}
),

totals as (
    select
        posts.practice_id,
        posts.month,
        count(*) filter (not calls.was_answered and answers.thread is null) as broadcast_only,
        count(*) as posts
    from {{ ref('talk') }} as posts
    inner join calls
        on
            {{ same_place('posts', 'calls') }}
            and posts.month = calls.month
            and posts.item_id = calls.thread
    left join answers
        on
            {{ same_place('posts', 'answers') }}
            and posts.month = answers.month
            and posts.item_id = answers.thread
    where posts.kind = 'post' and posts.voice = 'practice' and posts.in_window and posts.stands
    group by posts.practice_id, posts.month
),

counts as (
    select
        parts.practice_id,
        '' as site,
        parts.month,
        '' as part,
        coalesce(totals.broadcast_only, 0) as number,
        coalesce(totals.posts, 0) as sample_size,
        coalesce(parts.unknown_why, parts.talk_left_out) as not_measured_why
    from {{ ref('engagement_counts') }} as parts
    left join totals on parts.practice_id = totals.practice_id and parts.month = totals.month
    where parts.part = 'E1'
)

{{ count_figures('counts') }}
