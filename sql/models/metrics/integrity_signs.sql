-- one row per practice, site, month and sign (part): an 'incentive' or a 'threat' in the practice's own replies that
-- stand; among the month's reviews those that tell of an incentive, those that name staff in a month in which unusually
-- many do, and those by the practice's own people
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

in_replies as (
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
        count(*) filter (list_contains(acts, 'staff_named')) as named
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
        coalesce(sum(written.looked_through) over twelve_before, 0)::bigint as looked_through_before,
        coalesce(sum(written.named) over twelve_before, 0)::bigint as named_before
    from {{ ref('judged_months') }} as judged_months
    left join written
        on
            judged_months.practice_id = written.practice_id
            and judged_months.site = written.site
            and judged_months.month = written.month
    -- No month is missing from the spine.
    window twelve_before as (
        partition by judged_months.practice_id, judged_months.site
        order by judged_months.month
        rows between 12 preceding and 1 preceding
    )
),

-- Patients name whom they liked, so only a share is a sign that is high by itself and clearly higher than before.
named_months as (
    select
        *,
        least(looked_through, looked_through_before) >= 10 as can_be_compared,
        named * 10 > looked_through * 3
        and named * looked_through_before > named_before * looked_through
        and fisher_test(named_before, looked_through_before, named, looked_through) < 0.01 as many_name_staff
    from months
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
    from named_months
    union all
    select
        practice_id,
        site,
        month,
        'staff named' as part,
        case when can_be_compared and many_name_staff then named else 0 end as number,
        looked_through as sample_size,
        case
            when looked_through = 0 and not_measured_why is not null then not_measured_why
            when looked_through = 0 and reviews > 0 then 'no names of the staff are known'
            when not_covered_why is not null then not_covered_why
            when not can_be_compared then 'too few reviews to compare'
        end as not_measured_why
    from named_months
    union all
    select
        practice_id,
        site,
        month,
        'own people' as part,
        by_own_people as number,
        reviews as sample_size,
        not_covered_why as not_measured_why
    from named_months
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
