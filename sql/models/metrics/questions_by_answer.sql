{{ config(touched="month >= {from}") }}
-- one row per practice, month and part: who answered a public question ('practice', 'team' or 'others'), or 'nobody'
with questions as (
    select
        calls.practice_id,
        calls.month,
        calls.source,
        calls.site,
        calls.item_id,
        talk.kind,
        talk.person,
        calls.answered_local is not null as by_practice
    from {{ ref('calls') }} as calls
    inner join {{ ref('talk') }} as talk
        on
            calls.practice_id = talk.practice_id
            and calls.month = talk.month
            and calls.source = talk.source
            and calls.site = talk.site
            and calls.kind = talk.kind
            and calls.item_id = talk.item_id
            and talk.is_question
    where calls.outcome <> 'handled privately'
),

-- By themselves, because what compares two people makes a join that keeps the unanswered try every pair.
answers as (
    select
        questions.practice_id,
        questions.month,
        questions.source,
        questions.site,
        questions.kind,
        questions.item_id,
        bool_or(talk.voice = 'team') as by_team
    from questions
    inner join {{ ref('talk') }} as talk
        on
            questions.practice_id = talk.practice_id
            and questions.month = talk.month
            and questions.source = talk.source
            and questions.site = talk.site
            and questions.item_id = talk.parent_id
            and talk.kind = 'comment'
            and talk.stands
            -- A heart is no answer, and neither is what its author adds.
            and (talk.is_voice or (talk.voice = 'team' and not talk.is_mute))
            and coalesce(questions.person <> talk.person, true)
    group by
        questions.practice_id, questions.month, questions.source, questions.site, questions.kind, questions.item_id
),

answered as (
    select
        questions.practice_id,
        questions.month,
        questions.source,
        questions.site,
        questions.kind,
        questions.item_id,
        case
            when questions.by_practice then 'practice'
            when answers.by_team then 'team'
            when answers.item_id is not null then 'others'
            else 'nobody'
        end as part
    from questions
    left join answers
        on
            questions.practice_id = answers.practice_id
            and questions.month = answers.month
            and questions.source = answers.source
            and questions.site = answers.site
            and questions.kind = answers.kind
            and questions.item_id = answers.item_id
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
