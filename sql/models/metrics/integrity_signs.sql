-- one row per practice, site, month and sign (part): an 'incentive' or a 'threat' in the practice's own replies
with answers as (
    select
        reviews.practice_id,
        reviews.site,
        reviews.month,
        coalesce(replies.disclosure, 'not_checked') <> 'not_checked' as checked,
        list_contains(replies.disclosure_classes, 'N2') as incentive,
        list_contains(replies.disclosure_classes, 'N1') as threat
    from {{ ref('reviews') }} as reviews
    inner join {{ ref('replies') }} as replies
        on
            reviews.source = replies.source
            and reviews.site = replies.site
            and reviews.practice_id = replies.practice_id
            and reviews.item_id = replies.parent_id
            and replies.visible
    where reviews.removed_on is null
),

new_ones as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.can_reply,
        months.not_covered_why,
        count(answers.checked) as answers,
        count(*) filter (answers.checked) as checked,
        count(*) filter (answers.checked and answers.incentive) as incentive,
        count(*) filter (answers.checked and answers.threat) as threat
    from {{ ref('months') }} as months
    left join answers
        on
            months.practice_id = answers.practice_id
            and months.site = answers.site
            and months.month = answers.month
    group by months.practice_id, months.site, months.month, months.can_reply, months.not_covered_why
),

-- What stands can be read until somebody takes it down, so a month counts the answers of all months before too.
standing as (
    select
        practice_id,
        site,
        month,
        can_reply,
        not_covered_why,
        sum(answers) over months_so_far as answers,
        case when can_reply then sum(checked) over months_so_far else 0 end as checked,
        sum(incentive) over months_so_far as incentive,
        sum(threat) over months_so_far as threat
    from new_ones
    window months_so_far as (partition by practice_id, site order by month)
),

counts as (
    select
        practice_id,
        site,
        month,
        unnest(['incentive', 'threat']) as part,
        case when can_reply then unnest([incentive, threat]) else 0 end as number,
        checked as sample_size,
        case
            when not can_reply then 'replies cannot be read on this site'
            when answers > 0 and checked = 0 then 'no reply in a language that is checked'
            else not_covered_why
        end as not_measured_why
    from standing
)

{{ count_figures('counts') }}
