{{ config(
    touched="(source, site, practice_id, item_id) in (
        select source, site, practice_id, item_id from core.reviews where first_seen >= {from}
    )",
    read="true",
) }}
-- one row per review (source, site, practice_id, item_id) and time in which complete lists lacked it or the platform
-- said that it is gone, and how sure that is: on which night the platform said so, how many complete lists lacked it
-- until it came back or until now, and since when it is confirmed, by a word of the platform or by three such lists
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

-- Looked at four times, and features are many files.
readings as materialized (
    select
        source,
        site,
        practice_id,
        item_id,
        nights,
        coalesce(state = 'removed', false) as is_announced
    from {{ ref('features') }}
    where kind = 'review'
),

-- Most reviews of a place were read on the same nights. The number of such nights says them shorter than their list.
sets as materialized (
    select
        *,
        row_number() over () as set_id
    from (
        select distinct
            source,
            site,
            practice_id,
            nights
        from readings
        where not is_announced
    ) as read_together
),

read_together as (
    select
        set_id,
        source,
        site,
        practice_id,
        unnest(nights) as night
    from sets
),

-- All sightings from one complete list to the next are as good as the first of them.
listed as (
    select
        read_together.set_id,
        lists.number,
        min(read_together.night) as first_night,
        bool_or(lists.was_complete) as was_listed
    from read_together
    inner join lists
        on
            {{ same_place('read_together', 'lists') }}
            and read_together.night = lists.night
    group by read_together.set_id, lists.number
),

parts as (
    select
        *,
        was_listed and number = 1 + lag(number) over (partition by set_id order by number) as goes_on
    from listed
),

numbered as (
    select
        *,
        count(*) filter (goes_on is not true) over (partition by set_id order by number) as run
    from parts
),

-- Complete lists that followed each other and all had what was read on these nights, but for the first, which may have
-- lacked it: then it was seen later.
runs as (
    select
        set_id,
        min(number) as first_number,
        max(number) as last_number,
        min(first_night) as first_night,
        arg_min(was_listed, number) as was_listed
    from numbered
    group by set_id, run
),

sightings as materialized (
    select
        readings.source,
        readings.site,
        readings.practice_id,
        readings.item_id,
        runs.first_number,
        runs.last_number,
        runs.first_night,
        runs.was_listed
    from readings
    inner join sets
        on
            {{ same_place('readings', 'sets') }}
            and readings.nights = sets.nights
    inner join runs on sets.set_id = runs.set_id
    where not readings.is_announced
),

-- Few were ever missing, and only these are looked at in turn.
missed as (
    select
        source,
        site,
        practice_id,
        item_id
    from sightings
    group by source, site, practice_id, item_id
    having
        len(list_distinct(flatten(list(range(first_number, last_number + 1)))))
        < max(last_number) - min(first_number) + 1
        or max(first_number) filter (not was_listed) > min(first_number)
),

in_turn as (
    select
        sightings.*,
        max(sightings.last_number) over (
            partition by sightings.source, sightings.site, sightings.practice_id, sightings.item_id
            order by sightings.first_number, sightings.first_night
            rows between unbounded preceding and 1 preceding
        ) as number_before
    from sightings
    semi join missed
        on
            {{ same_place('sightings', 'missed') }}
            and sightings.item_id = missed.item_id
),

-- A platform that says so leaves no doubt. Few do, and of few reviews.
announcements as (
    select distinct
        readings.source,
        readings.site,
        readings.practice_id,
        readings.item_id,
        unnest(readings.nights) as night
    from readings
    semi join {{ ref('reviews') }} as reviews
        on
            {{ same_place('readings', 'reviews') }}
            and readings.item_id = reviews.item_id
    where readings.is_announced
),

standing as (
    select distinct
        readings.source,
        readings.site,
        readings.practice_id,
        readings.item_id,
        unnest(readings.nights) as night
    from readings
    semi join announcements
        on
            {{ same_place('readings', 'announcements') }}
            and readings.item_id = announcements.item_id
    where not readings.is_announced
),

announced as (
    select
        announcements.source,
        announcements.site,
        announcements.practice_id,
        announcements.item_id,
        min(announcements.night) as announced_on,
        afterwards.night as back_on
    from announcements
    -- What a night shows stands, whatever else it says; and what nobody here had seen is not missed.
    asof inner join standing as before
        on
            {{ same_place('announcements', 'before') }}
            and announcements.item_id = before.item_id
            and announcements.night >= before.night
    asof left join standing as afterwards
        on
            {{ same_place('announcements', 'afterwards') }}
            and announcements.item_id = afterwards.item_id
            and announcements.night < afterwards.night
    where announcements.night > before.night
    group by
        announcements.source, announcements.site, announcements.practice_id, announcements.item_id, afterwards.night
),

spans as (
    select
        in_turn.source,
        in_turn.site,
        in_turn.practice_id,
        in_turn.item_id,
        lists.night as absent_on,
        in_turn.first_night as back_on,
        null::date as announced_on
    from in_turn
    inner join lists
        on
            {{ same_place('in_turn', 'lists') }}
            and in_turn.number_before + 1 = lists.number
            and lists.was_complete
    where
        in_turn.first_number > in_turn.number_before + 1
        or (in_turn.first_number = in_turn.number_before + 1 and not in_turn.was_listed)
    union all
    select
        source,
        site,
        practice_id,
        item_id,
        removed_on as absent_on,
        null as back_on,
        null as announced_on
    from {{ ref('reviews') }}
    where removed_on is not null
    union all
    select
        source,
        site,
        practice_id,
        item_id,
        announced_on as absent_on,
        back_on,
        announced_on
    from announced
),

-- Lists and a word of the platform tell of one absence, which ends with the same sight.
gone as (
    select
        source,
        site,
        practice_id,
        item_id,
        back_on,
        min(absent_on) as absent_on,
        min(announced_on) as announced_on
    from spans
    group by source, site, practice_id, item_id, back_on
),

complete_lists as (
    select
        source,
        site,
        practice_id,
        night,
        number
    from lists
    where was_complete
),

-- A list lacks what is gone until it is back, so that the first and the last of them say how many there were.
counted as (
    select
        gone.*,
        first_list.number as first_number,
        coalesce(last_list.number - first_list.number + 1, 0) as lists
    from gone
    asof left join complete_lists as first_list
        on
            {{ same_place('gone', 'first_list') }}
            and gone.absent_on <= first_list.night
    asof left join complete_lists as last_list
        on
            {{ same_place('gone', 'last_list') }}
            and coalesce(gone.back_on, 'infinity'::date) > last_list.night
)

select
    counted.source,
    counted.site,
    counted.practice_id,
    counted.item_id,
    counted.absent_on,
    counted.back_on,
    counted.announced_on,
    counted.lists,
    least(counted.announced_on, third_lists.night) as confirmed_on
from counted
left join complete_lists as third_lists
    on
        {{ same_place('counted', 'third_lists') }}
        and case when counted.lists >= 3 then counted.first_number + 2 end = third_lists.number
