{{ config(
    touched="month >= {from}",
    reads={"reviews": "true", "replies": "true", "judged_months": 12},
) }}
-- one row per practice, site, month and sign (part): an 'incentive' or a 'threat' in the practice's own replies that
-- stand, and those that ask the happy alone for a review ('gating'), for one on 'yelp', or say its 'wording'; among the
-- month's reviews those that tell of an incentive, those by the practice's own people, and, in a month in which
-- unusually many do, those that name staff and those by accounts that have written nothing else
with answers as (
    select
        reviews.practice_id,
        reviews.site,
        reviews.month,
        coalesce(replies.disclosure, 'not_checked') <> 'not_checked' as checked,
        list_contains(replies.disclosure_classes, 'N2') as incentive,
        list_contains(replies.disclosure_classes, 'N1') as threat,
        list_has_any(replies.acts, [
            'gated_invitation', 'rewarded_invitation', 'yelp_invitation', 'worded_invitation', 'open_invitation',
            'no_invitation'
        ]) as searched,
        list_contains(replies.acts, 'gated_invitation') as gated,
        list_contains(replies.acts, 'yelp_invitation') as on_yelp,
        list_contains(replies.acts, 'worded_invitation') as worded
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
    'searched': 'answers.searched',
    'gated': 'answers.gated',
    'on_yelp': 'answers.on_yelp',
    'worded': 'answers.worded',
}) }},

signs as (
    select
        practice_id,
        site,
        month,
        can_reply,
        not_covered_why,
        answers,
        checked,
        -- What is offered for a review is an incentive already.
        unnest(['incentive', 'threat', 'gating', 'yelp', 'wording']) as part,
        unnest([incentive, threat, gated, on_yelp, worded]) as found,
        unnest([checked, checked, searched, searched, searched]) as looked_at
    from standing
),

in_replies as (
    select
        practice_id,
        site,
        month,
        part,
        case when can_reply then found else 0 end as number,
        case when can_reply then looked_at else 0 end as sample_size,
        case
            when not can_reply then 'replies cannot be read on this site'
            when answers > 0 and checked = 0 then 'no reply in a language that is checked'
            when answers > 0 and looked_at = 0 then 'the replies were scored before this was looked for'
            else not_covered_why
        end as not_measured_why
    from signs
),

-- A review that was scored before there were these questions has neither answer.
written as (
    select
        practice_id,
        site,
        month,
        count(*) as reviews,
        count(*) filter (voice = 'team') as by_own_people,
        count(*) filter (list_has_any(acts, ['incentive', 'no_incentive'])) as asked,
        count(*) filter (list_contains(acts, 'incentive')) as rewarded,
        count(*) filter (list_has_any(acts, ['staff_named', 'staff_not_named'])) as looked_through,
        count(*) filter (list_contains(acts, 'staff_named')) as named,
        count(*) filter (list_has_any(acts, ['only_review', 'one_of_several'])) as accounts_known,
        count(*) filter (list_contains(acts, 'only_review')) as only_reviews
    from {{ ref('reviews') }}
    where counted
    group by practice_id, site, month
),

months as (
    select
        judged_months.practice_id,
        judged_months.site,
        judged_months.month,
        judged_months.not_covered_why,
        judged_months.not_measured_why,
        coalesce(written.reviews, 0) as reviews,
        coalesce(written.by_own_people, 0) as by_own_people,
        coalesce(written.asked, 0) as asked,
        coalesce(written.rewarded, 0) as rewarded,
        coalesce(written.looked_through, 0) as looked_through,
        coalesce(written.named, 0) as named,
        coalesce(written.accounts_known, 0) as accounts_known,
        coalesce(written.only_reviews, 0) as only_reviews
    from {{ ref('judged_months') }} as judged_months
    left join written
        on
            judged_months.practice_id = written.practice_id
            and judged_months.site = written.site
            and judged_months.month = written.month
),

-- Patients name whom they liked, and many write one review in their lives, so only a share is a sign that is high by
-- itself and clearly higher than before.
usual_signs as (
    select
        practice_id,
        site,
        month,
        'staff named' as part,
        named as found,
        looked_through as asked,
        case
            when looked_through = 0 and not_measured_why is not null then not_measured_why
            when looked_through = 0 and reviews > 0 then 'no names of the staff are known'
            else not_covered_why
        end as not_measured_why
    from months
    union all
    select
        practice_id,
        site,
        month,
        'accounts of one review' as part,
        only_reviews as found,
        accounts_known as asked,
        case
            when accounts_known = 0 and reviews > 0 then 'how many reviews an account has written is not told'
            else not_covered_why
        end as not_measured_why
    from months
),

compared as (
    select
        *,
        coalesce(sum(found) over twelve_before, 0)::bigint as found_before,
        coalesce(sum(asked) over twelve_before, 0)::bigint as asked_before
    from usual_signs
    -- No month is missing from the spine.
    window twelve_before as (
        partition by practice_id, site, part
        order by month
        rows between 12 preceding and 1 preceding
    )
),

unusual as (
    select
        *,
        least(asked, asked_before) >= 10 as can_be_compared,
        found * 10 > asked * 3
        and found * asked_before > found_before * asked
        and fisher_test(found_before, asked_before, found, asked) < 0.01 as is_unusual
    from compared
),

in_reviews as (
    select
        practice_id,
        site,
        month,
        'incentive in reviews' as part,
        rewarded as number,
        asked as sample_size,
        case
            when asked = 0 and not_measured_why is not null then not_measured_why
            when asked = 0 and reviews > 0 then 'the reviews were scored before this was looked for'
            else not_covered_why
        end as not_measured_why
    from months
    union all
    select
        practice_id,
        site,
        month,
        'own people' as part,
        by_own_people as number,
        reviews as sample_size,
        not_covered_why as not_measured_why
    from months
    union all
    select
        practice_id,
        site,
        month,
        part,
        case when can_be_compared and is_unusual then found else 0 end as number,
        asked as sample_size,
        coalesce(not_measured_why, case when not can_be_compared then 'too few reviews to compare' end)
            as not_measured_why
    from unusual
),

counts as (
    from in_replies
    union all
    from in_reviews
),

figures as (
    {{ count_figures('counts') }}
)

select * replace (case when reason = 'too few reviews to compare' then 'too_few' else state end as state)
from figures
