{{ config(touched="month >= {from}", reads={"absences": "absent_on >= {from}"}) }}
-- one row per practice, site, month and part: all ('') and by stars ('1' to '5', 'no stars'), which add up to all, and
-- those of which the site itself had said so by the month's end ('announced by the site')
with lists as (
    select
        source,
        practice_id,
        site,
        date_trunc('month', night)::date as month,
        max(night) as last_list
    from {{ ref('listings') }}
    where was_complete
    group by source, practice_id, site, date_trunc('month', night)
),

-- A list tells what is gone only beside one of before: of a month, beside one from its first eight days or earlier.
proofs as (
    select
        lists.practice_id,
        lists.site,
        lists.month,
        max(lists.last_list) as last_list,
        max(lists.last_list) filter (
            practice_sites.first_complete_night < least(lists.month + 8, lists.last_list)
        ) as last_compared
    from lists
    inner join {{ ref('practice_sites') }} as practice_sites
        on
            lists.source = practice_sites.source
            and lists.site = practice_sites.site
            and lists.practice_id = practice_sites.practice_id
    group by lists.practice_id, lists.site, lists.month
),

spine as (
    select
        months.practice_id,
        months.site,
        months.month,
        -- A list of everything is asked for once a week; a day more for a night that fails.
        case
            when proofs.last_list is null then 'no complete list was read in the month'
            when proofs.last_list < least(months.next_month, months.as_of_night) - 8
                then 'last complete list read on ' || strftime(proofs.last_list, '%Y-%m-%d')
            when coalesce(proofs.last_compared < least(months.next_month, months.as_of_night) - 8, true)
                then 'no earlier complete list to compare with'
        end as not_measured_why,
        unnest(['', '1', '2', '3', '4', '5', 'no stars', 'announced by the site']) as part
    from {{ ref('months') }} as months
    left join proofs
        on months.practice_id = proofs.practice_id and months.site = proofs.site and months.month = proofs.month
),

removed as (
    select
        reviews.practice_id,
        reviews.site,
        date_trunc('month', reviews.removed_on)::date as month,
        unnest([
            '',
            coalesce(reviews.stars::varchar, 'no stars'),
            -- What the site says later changes no month that is over.
            case
                when absences.announced_on < date_trunc('month', reviews.removed_on) + interval 1 month
                    then 'announced by the site'
            end
        ]) as part
    from {{ ref('reviews') }} as reviews
    left join {{ ref('absences') }} as absences
        on
            reviews.source = absences.source
            and reviews.site = absences.site
            and reviews.practice_id = absences.practice_id
            and reviews.item_id = absences.item_id
            and reviews.removed_on = absences.absent_on
    where reviews.removed_on is not null
),

numbers as (
    select
        practice_id,
        site,
        month,
        part,
        count(*) as number
    from removed
    group by practice_id, site, month, part
),

counts as (
    select
        spine.practice_id,
        spine.site,
        spine.month,
        spine.part,
        -- No removal found is a row that is not there; whether it is a zero, the complete lists of the month say.
        coalesce(numbers.number, 0) as number,
        max(coalesce(numbers.number, 0)) over (partition by spine.practice_id, spine.site, spine.month) as sample_size,
        spine.not_measured_why
    from spine
    left join numbers
        on
            spine.practice_id = numbers.practice_id
            and spine.site = numbers.site
            and spine.month = numbers.month
            and spine.part = numbers.part
)

{{ count_figures('counts') }}
