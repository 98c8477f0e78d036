{{ config(touched="month >= {from}", reads={"items": "created_local >= {from} - interval 5 month"}) }}
-- one row per practice, month and part: the practice's own health posts of 90 days that are 'understandable', and those
-- that say 'what to do'
with totals as (
    select
        talk.practice_id,
        talk.month,
        count(*) as posts,
        count(*) filter (list_has_any(items.acts, ['understandable', 'hard_to_understand'])) as screened,
        count(*) filter (list_contains(items.acts, 'understandable')) as understandable,
        count(*) filter (list_contains(items.acts, 'says_what_to_do')) as actionable
    from {{ standing_talk() }}
    where talk.kind = 'post' and talk.voice = 'practice' and talk.content_type = 'health_information'
    group by talk.practice_id, talk.month
),

counts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        unnest(['understandable', 'what to do']) as part,
        unnest([coalesce(totals.understandable, 0), coalesce(totals.actionable, 0)]) as number,
        coalesce(totals.screened, 0) as sample_size,
        coalesce(
            months.talk_not_covered_why,
            case
                when totals.posts > 0 and totals.screened = 0 then 'the posts were scored before this was looked for'
            end,
            months.talk_left_out
        ) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
)

{{ count_figures('counts') }}
