{{ config(
    touched="month >= {from}",
    reads={"talk_items": "advocates and created_local >= date_trunc('year', {from})"},
) }}
-- one row per practice, month and part: the people who spoke for the practice at least twice since January, of these
-- the 'new' ones, who did so for the second time in the month, and those 'returning', who had before and did so again
-- Acts are few, and are chosen before they are looked at month by month.
with acts as (
    select
        practice_id,
        site,
        person,
        created_local,
        removed_on
    from {{ ref('talk_items') }}
    where
        advocates
        -- Passing on is no word.
        and kind <> 'share'
        and is_outside
        and to_practice
        and not (is_mute or is_spam or is_contest)
        and not coalesce(list_contains(copied_in, date_trunc('month', created_local)::date), false)
),

people as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        acts.person,
        count(*) as acts,
        count(*) filter (acts.created_local < talk_sites.month) as acts_before
    from {{ ref('talk_sites') }} as talk_sites
    inner join acts
        on
            talk_sites.practice_id = acts.practice_id
            and talk_sites.site = acts.site
            -- The pseudonyms of a year say nothing about the next year's people.
            and year(talk_sites.month) = year(acts.created_local)
            and talk_sites.cutoff > acts.created_local
            and (acts.removed_on is null or talk_sites.next_month <= acts.removed_on)
    where talk_sites.not_covered_why is null
    group by talk_sites.practice_id, talk_sites.month, acts.person
),

totals as (
    select
        practice_id,
        month,
        count(person) as speaking,
        count(person) filter (acts >= 2) as advocates,
        count(person) filter (acts >= 2 and acts_before < 2) as new_ones,
        count(person) filter (acts_before >= 2 and acts > acts_before) as returning_ones,
        coalesce(sum(acts) filter (person is null), 0) as unnamed
    from people
    group by practice_id, month
),

places as (
    select
        practice_id,
        month,
        max(known_from) filter (known_from > date_trunc('year', month)) as known_from
    from {{ ref('talk_sites') }}
    where not_covered_why is null
    group by practice_id, month
),

counts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        unnest(['', 'new', 'returning']) as part,
        unnest([
            coalesce(totals.advocates, 0), coalesce(totals.new_ones, 0), coalesce(totals.returning_ones, 0)
        ]) as number,
        coalesce(totals.speaking, 0) as sample_size,
        coalesce(
            months.talk_not_covered_why,
            nullif(
                concat_ws(
                    '; ',
                    case
                        when month(months.month) < 12
                            then 'since January, as nobody is known again from one year to the next'
                    end,
                    'not known before ' || strftime(places.known_from, '%Y-%m-%d'),
                    case when totals.unnamed > 0 then totals.unnamed || ' could not be told' end,
                    months.talk_left_out
                ),
                ''
            )
        ) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
    left join places on months.practice_id = places.practice_id and months.month = places.month
),

figures as (
    {{ count_figures('counts') }}
),

told as (
    select
        *,
        numerator between 1 and 2 as are_few
    from figures
)

-- One or two people are somebody in particular.
select
    * exclude (are_few)
    replace (
        case when are_few then null else value end as value,
        case when are_few then null else numerator end as numerator,
        case when are_few then 'too_few' else state end as state,
        case when are_few then 'fewer than three people' else reason end as reason
    )
from told
