{{ config(materialized='view', read="month >= {from} and created_local >= {from} - interval 5 month") }}
-- one row per practice, month and item (source, site, kind, item_id) said in the 90 days that end with the month, or in
-- the 90 before
-- Looked up when it is asked for: written down, everything said would stand there six times.
with month_windows as (
    select
        *,
        -- 180 days up to a month's end are of six months. Named one by one, because what was said would otherwise be
        -- compared with every month there is.
        (month - to_months(unnest(range(0, 6))::integer))::date as said_in
    from {{ ref('talk_sites') }}
),

window_items as (
    select
        talk_items.*,
        talk_sites.month,
        talk_sites.next_month,
        talk_sites.cutoff,
        talk_sites.can_reply,
        talk_sites.past_is_known,
        talk_items.created_local >= talk_sites.window_start as in_window,
        coalesce(list_contains(talk_items.copied_in, talk_sites.month), false) as is_copy,
        -- What goes later than the month changes nothing in its report.
        talk_items.removed_on is null or talk_items.removed_on >= talk_sites.next_month as stands
    from {{ ref('talk_items') }} as talk_items
    inner join month_windows as talk_sites
        on
            talk_items.practice_id = talk_sites.practice_id
            and talk_items.site = talk_sites.site
            and date_trunc('month', talk_items.created_local)::date = talk_sites.said_in
            and talk_items.created_local >= talk_sites.past_start
            and talk_items.created_local < talk_sites.cutoff
            and talk_sites.not_covered_why is null
            -- What was taken away during the month can still be looked at: a question does not go with its deletion.
            and (talk_items.removed_on is null or talk_items.removed_on >= talk_sites.month)
)

select
    practice_id,
    month,
    source,
    site,
    kind,
    item_id,
    thread,
    parent_id,
    branch,
    voice,
    is_outside,
    person,
    author_key,
    created_at,
    created_local,
    hidden_on,
    removed_on,
    place,
    matched,
    mention_keys,
    others_named,
    text_key,
    content_type,
    url,
    page,
    position,
    below_own_post,
    thread_voice,
    answered_voice,
    answered_key,
    discloses,
    to_practice,
    is_mute,
    is_spam,
    is_contest,
    is_copy,
    is_substantive,
    asks,
    is_question,
    wants_reply,
    asks_recommendation,
    names_account,
    addresses,
    advocates,
    discourages,
    next_month,
    cutoff,
    can_reply,
    past_is_known,
    in_window,
    stands,
    -- Words of somebody outside that are worth counting: not empty, no spam, no contest entry, and said once.
    is_outside and not (is_mute or is_spam or is_contest or is_copy) as is_voice,
    is_outside and not (is_mute or is_spam or is_contest or is_copy) and to_practice and stands as counts,
    -- Words of the practice that answer what somebody outside wrote.
    kind = 'comment'
    and voice = 'practice'
    and not is_mute
    and coalesce(answered_voice in ('outside', 'organisation'), false) as answers_somebody
from window_items
