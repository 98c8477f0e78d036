{{ config(touched="month >= {from}") }}
-- one row per practice, month and part: who answered a public question ('practice', 'team' or 'others'), or 'nobody'
with questions as (
    select
        practice_id,
        month,
        source,
        site,
        item_id,
        answered_local is not null as by_practice
    from {{ ref('calls') }}
    where is_question and outcome <> 'handled privately'
),

answers as (
    select
        practice_id,
        month,
        source,
        site,
        parent_id,
        bool_or(voice = 'team') as by_team
    from {{ ref('talk') }}
    where
        kind = 'comment'
        and stands
        and answered_voice in ('outside', 'organisation')
        -- A heart is no answer, and neither is what its author adds.
        and (is_voice or (voice = 'team' and not is_mute))
        and coalesce(author_key <> answered_key, true)
    group by practice_id, month, source, site, parent_id
),

answered as (
    select
        questions.practice_id,
        questions.month,
        case
            when questions.by_practice then 'practice'
            when answers.by_team then 'team'
            when answers.parent_id is not null then 'others'
            else 'nobody'
        end as part
    from questions
    left join answers
        on
            questions.practice_id = answers.practice_id
            and questions.month = answers.month
            and questions.source = answers.source
            and questions.site = answers.site
            and questions.item_id = answers.parent_id
),

totals as (
    select
        practice_id,
        month,
        count(*) as questions,
        count(*) filter (part = 'practice') as practice,
        count(*) filter (part = 'team') as team,
        count(*) filter (part = 'others') as others,
        count(*) filter (part = 'nobody') as nobody
    from answered
    group by practice_id, month
),

counts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        unnest(['practice', 'team', 'others', 'nobody']) as part,
        unnest([
            coalesce(totals.practice, 0), coalesce(totals.team, 0), coalesce(totals.others, 0),
            coalesce(totals.nobody, 0)
        ]) as number,
        coalesce(totals.questions, 0) as sample_size,
        coalesce(parts.unknown_why, months.talk_left_out) as not_measured_why
    from {{ ref('practice_months') }} as months
    inner join {{ ref('engagement_counts') }} as parts
        on months.practice_id = parts.practice_id and months.month = parts.month and parts.part = 'E1'
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
)

{{ count_figures('counts') }}
