{{ config(touched="month >= {from}", reads={"reviews": "true", "replies": "true"}) }}
-- one row per practice, site, month and severity (part 'critical', 'high' or 'caution')
with answers as (
    select
        reviews.practice_id,
        reviews.site,
        reviews.month,
        replies.item_id,
        replies.disclosure,
        replies.disclosure_severity
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
    'answers': 'answers.item_id is not null',
    'checked': "coalesce(answers.disclosure, 'not_checked') <> 'not_checked'",
    'critical': "answers.disclosure = 'pattern' and answers.disclosure_severity = 'critical'",
    'high': "answers.disclosure = 'pattern' and answers.disclosure_severity = 'high'",
    'caution': "answers.disclosure = 'pattern' and answers.disclosure_severity = 'caution'",
}) }},

counts as (
    select
        practice_id,
        site,
        month,
        unnest(['critical', 'high', 'caution']) as part,
        unnest([critical, high, caution]) as number,
        checked as sample_size,
        case
            when not can_reply then 'replies cannot be read on this site'
            when answers > 0 and checked = 0 then 'no reply in a language that is checked'
            else not_covered_why
        end as not_measured_why
    from standing
)

{{ count_figures('counts') }}
