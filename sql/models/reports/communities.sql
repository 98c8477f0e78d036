{{ config(touched="month >= {from}", reads={"talk_items": "place is not null"}) }}
-- one row per practice, month, community and thread (source, site, thread) in which the practice is named
with items as (
    select
        talk_items.*,
        talk_sites.month,
        talk_sites.cutoff,
        talk_items.created_local >= talk_sites.window_start as in_window,
        talk_items.is_outside
        and talk_items.matched is not null
        and talk_items.kind <> 'share'
        and not (talk_items.is_spam or talk_items.is_mute) as names_practice
    from {{ ref('talk_items') }} as talk_items
    inner join {{ ref('talk_sites') }} as talk_sites
        on
            talk_items.practice_id = talk_sites.practice_id
            and talk_items.site = talk_sites.site
            and talk_items.created_local < talk_sites.cutoff
            and talk_sites.not_covered_why is null
            and (talk_items.removed_on is null or talk_items.removed_on >= talk_sites.next_month)
    where talk_items.place is not null and talk_items.thread is not null
),

threads as (
    select
        practice_id,
        month,
        source,
        site,
        place,
        thread,
        any_value(cutoff) as cutoff,
        -- Some sources keep the opening only where it names the practice: the first that does leads there too.
        coalesce(
            min(url) filter (kind = 'post'), arg_min(url, (created_local, item_id)) filter (names_practice)
        ) as url,
        min(created_local)::date as first_post_on,
        max(created_local)::date as last_activity_on,
        count(*) filter (kind = 'comment' and in_window) as replies,
        count(*) filter (names_practice) as mentions,
        count(*) filter (names_practice and advocates) as recommend,
        count(*) filter (names_practice and discourages) as discourage
    from items
    group by practice_id, month, source, site, place, thread
)

select
    practice_id,
    month,
    source,
    site,
    place,
    thread,
    url,
    first_post_on,
    last_activity_on,
    replies::integer as replies,
    mentions::integer as mentions,
    recommend::integer as recommend,
    discourage::integer as discourage,
    -- A thread fades from the last word said in it, not from its first: half in 180 days.
    pow(2, -(cutoff::date - 1 - last_activity_on) / 180)::decimal(9, 6) as staying_power
from threads
where mentions > 0 and last_activity_on >= cutoff::date - 365
