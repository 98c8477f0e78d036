{{ config(touched="month >= {from}") }}
-- one row per practice, month and part of the Engagement Quality Score (E1 to E6): what was found of how many
with answers as (
    select
        practice_id,
        month,
        count(*) filter (outcome = 'in time') as successes,
        count(*) filter (outcome not in ('pending', 'handled privately')) as trials,
        count(*) filter (outcome = 'handled privately') as handled
    from {{ ref('calls') }}
    where is_call
    group by practice_id, month
),

depths as (
    select
        practice_id,
        month,
        count(*) filter (is_deep and not has_unknown_people) as successes,
        count(*) filter (not has_unknown_people) as trials,
        count(*) filter (has_unknown_people) as unknown
    from {{ ref('threads') }}
    where substantive_comments > 0
    group by practice_id, month
),

returns as (
    select
        practice_id,
        month,
        count(*) filter (in_past and in_window and past_is_known) as returned,
        count(*) filter (in_past and past_is_known) as of_the_past,
        count(*) filter (in_window and advocacy_acts > 0) as advocates,
        count(*) filter (in_window) as present
    from {{ ref('people') }}
    group by practice_id, month
),

voices as (
    select
        practice_id,
        month,
        count(*) filter (in_window) as unnamed,
        count(*) filter (not in_window and past_is_known) as unnamed_of_the_past
    from {{ ref('talk') }}
    where counts and person is null
    group by practice_id, month
),

posts as (
    select
        practice_id,
        month,
        count(*) filter (content_type in ('health_information', 'community', 'recognition', 'answer')) as successes,
        count(content_type) as trials,
        count(*) filter (content_type is null) as unknown
    from {{ ref('talk') }}
    where kind = 'post' and voice = 'practice' and in_window and stands
    group by practice_id, month
),

acts as (
    select
        practice_id,
        month,
        count(*) filter (reaches_out) as successes,
        count(*) as trials
    from {{ ref('practice_acts') }}
    group by practice_id, month
),

sites as (
    select
        practice_id,
        month,
        bool_or(can_reply) as can_reply,
        bool_or(past_is_known) as past_is_known
    from {{ ref('talk_sites') }}
    where not_covered_why is null
    group by practice_id, month
),

counted as (
    select
        months.practice_id,
        months.month,
        months.talk_not_covered_why,
        months.talk_left_out,
        answers.successes as answered,
        answers.trials as asked,
        answers.handled,
        coalesce(sites.can_reply, false) as can_reply,
        depths.successes as deep,
        depths.trials as threads,
        depths.unknown as unknown_threads,
        returns.returned,
        returns.of_the_past,
        coalesce(sites.past_is_known, false) as past_is_known,
        voices.unnamed_of_the_past,
        returns.advocates,
        returns.present,
        voices.unnamed,
        posts.successes as helpful,
        posts.trials as coded,
        posts.unknown as not_coded,
        acts.successes as reaching_out,
        acts.trials as acts
    from {{ ref('practice_months') }} as months
    left join answers on months.practice_id = answers.practice_id and months.month = answers.month
    left join depths on months.practice_id = depths.practice_id and months.month = depths.month
    left join returns on months.practice_id = returns.practice_id and months.month = returns.month
    left join voices on months.practice_id = voices.practice_id and months.month = voices.month
    left join posts on months.practice_id = posts.practice_id and months.month = posts.month
    left join acts on months.practice_id = acts.practice_id and months.month = acts.month
    left join sites on months.practice_id = sites.practice_id and months.month = sites.month
),

parts as (
    select
        practice_id,
        month,
        talk_not_covered_why,
        talk_left_out,
        handled,
        unnest([
            struct_pack(
                part := 'E1',
                successes := answered,
                trials := asked,
                missing := 0::bigint,
                unknown_why := case when not can_reply then 'answers cannot be read on these platforms' end
            ),
            struct_pack(
                part := 'E2',
                successes := deep,
                trials := threads,
                missing := unknown_threads,
                unknown_why := case
                    when threads = 0 and unknown_threads > 0 then 'the platforms do not say who speaks'
                end
            ),
            struct_pack(
                part := 'E3',
                successes := returned,
                trials := of_the_past,
                missing := unnamed_of_the_past,
                unknown_why := case
                    when not past_is_known then 'the 90 days before are not known'
                    when coalesce(of_the_past, 0) = 0 and unnamed_of_the_past > 0
                        then 'the platforms do not say who speaks'
                end
            ),
            struct_pack(
                part := 'E4',
                successes := advocates,
                trials := present,
                missing := unnamed,
                unknown_why := case
                    when coalesce(present, 0) = 0 and unnamed > 0 then 'the platforms do not say who speaks'
                end
            ),
            struct_pack(
                part := 'E5',
                successes := helpful,
                trials := coded,
                missing := not_coded,
                unknown_why := case when coded = 0 and not_coded > 0 then 'no post could be coded' end
            ),
            struct_pack(
                part := 'E6',
                successes := reaching_out,
                trials := acts,
                missing := 0::bigint,
                unknown_why := null::varchar
            )
        ]) as told
    from counted
),

said as (
    select
        practice_id,
        month,
        talk_left_out,
        told['part'] as part,
        case when told['part'] = 'E1' then coalesce(handled, 0) else 0 end as handled,
        coalesce(told['successes'], 0) as successes,
        coalesce(told['trials'], 0) as trials,
        coalesce(told['missing'], 0) as missing,
        coalesce(talk_not_covered_why, told['unknown_why']) as unknown_why
    from parts
)

select
    practice_id,
    month,
    part,
    -- What is not known is neither good nor bad: no success and no trial.
    case when unknown_why is null then successes else 0 end as successes,
    case when unknown_why is null then trials else 0 end as trials,
    missing,
    -- What is left out by its owner's own word.
    handled,
    unknown_why,
    talk_left_out
from said
