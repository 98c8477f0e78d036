{{ config(touched="month >= {from}", reads={"items": "created_local >= {from} - interval 5 month"}) }}
-- one row per practice, month and sign (part): how many of the practice's own posts and comments of 90 days ask the
-- happy alone for reviews ('gating'), offer a 'reward', ask for one on 'yelp', or say what to write ('wording')
with texts as (
    select
        talk.practice_id,
        talk.month,
        coalesce(items.acts, []) as acts,
        coalesce(items.sentiment, 'not_checked') <> 'not_checked' as judged
    from {{ standing_talk() }}
    where talk.kind in ('post', 'comment') and talk.voice = 'practice'
),

-- What was judged before there was this question has none of these acts.
totals as (
    select
        practice_id,
        month,
        count(*) as texts,
        count(*) filter (judged) as judged,
        count(*) filter (list_has_any(acts, [
            'gated_invitation', 'rewarded_invitation', 'yelp_invitation', 'worded_invitation', 'open_invitation',
            'no_invitation'
        ])) as checked,
        count(*) filter (list_contains(acts, 'gated_invitation')) as gated,
        count(*) filter (list_contains(acts, 'rewarded_invitation')) as rewarded,
        count(*) filter (list_contains(acts, 'yelp_invitation')) as on_yelp,
        count(*) filter (list_contains(acts, 'worded_invitation')) as worded
    from texts
    group by practice_id, month
),

counts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        unnest(['gating', 'reward', 'yelp', 'wording']) as part,
        unnest([
            coalesce(totals.gated, 0), coalesce(totals.rewarded, 0), coalesce(totals.on_yelp, 0),
            coalesce(totals.worded, 0)
        ]) as number,
        coalesce(totals.checked, 0) as sample_size,
        coalesce(
            months.talk_not_covered_why,
            case
                when totals.texts > 0 and totals.checked = 0 and totals.judged > 0
                    then 'the posts and comments were scored before this was looked for'
                when totals.texts > 0 and totals.checked = 0
                    then 'no post or comment with words in a language that is checked'
            end,
            months.talk_left_out
        ) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
)

{{ count_figures('counts') }}
