{{ config(
    touched="(source, site, practice_id, item_id) in (
        select source, site, practice_id, item_id from core.reviews where first_seen >= {from}
    )",
    read="true",
) }}
-- one row per review (source, site, practice_id, item_id) and time in which complete lists lacked it
with lists as (
    select
        source,
        site,
        practice_id,
        night,
        was_complete,
        count(*) filter (was_complete) over (partition by source, site, practice_id order by night) as number
    from {{ ref('listings') }}
),

-- All sightings from one complete list to the next are as good as the first of them.
sightings as (
    select
        features.source,
        features.site,
        features.practice_id,
        features.item_id,
        lists.number,
        min(features.night) as first_night,
        bool_or(lists.was_complete) as was_listed
    from {{ ref('features') }} as features
    inner join lists
        on
            features.source = lists.source
            and features.site = lists.site
            and features.practice_id = lists.practice_id
            and features.night = lists.night
    where features.kind = 'review' and features.state is distinct from 'removed'
    group by features.source, features.site, features.practice_id, features.item_id, lists.number
),

in_turn as (
    select
        *,
        lag(number) over (partition by source, site, practice_id, item_id order by number) as number_before
    from sightings
)

select
    in_turn.source,
    in_turn.site,
    in_turn.practice_id,
    in_turn.item_id,
    lists.night as absent_on,
    in_turn.first_night as back_on
from in_turn
inner join lists
    on
        in_turn.source = lists.source
        and in_turn.site = lists.site
        and in_turn.practice_id = lists.practice_id
        and in_turn.number_before + 1 = lists.number
        and lists.was_complete
where in_turn.number > in_turn.number_before + 1 or not in_turn.was_listed
union all
select
    source,
    site,
    practice_id,
    item_id,
    removed_on as absent_on,
    null as back_on
from {{ ref('reviews') }}
where removed_on is not null
