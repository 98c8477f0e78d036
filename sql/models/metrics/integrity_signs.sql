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

{{ standing_answers({
    'answers': 'answers.checked is not null',
    'checked': 'answers.checked',
    'incentive': 'answers.incentive',
    'threat': 'answers.threat',
}) }},

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
