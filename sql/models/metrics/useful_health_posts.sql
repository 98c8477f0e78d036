{{ config(touched="month >= {from}", reads={"items": "created_local >= {from} - interval 5 month"}) }}
-- one row per practice, month and part: the practice's own health posts of 90 days that a screen says yes to, each
-- question of those that it was asked of: 'understandable', 'what to do', 'in steps' of what there is to do, 'source
-- named', and 'pictures described' of those with pictures
{% set before = "'the posts were scored before this was looked for'" %}
with parts as (
    select unnest(['understandable', 'what to do', 'in steps', 'source named', 'pictures described']) as part
),

totals as (
    select
        talk.practice_id,
        talk.month,
        count(*) filter (list_has_any(items.acts, ['understandable', 'hard_to_understand'])) as screened,
        count(*) filter (list_contains(items.acts, 'understandable')) as understandable,
        count(*) filter (list_contains(items.acts, 'says_what_to_do')) as actionable,
        count(*) filter (list_has_any(items.acts, ['in_steps', 'not_in_steps'])) as stepped,
        count(*) filter (list_contains(items.acts, 'in_steps')) as in_steps,
        count(*) filter (list_has_any(items.acts, ['names_its_source', 'names_no_source'])) as asked_for_source,
        count(*) filter (list_contains(items.acts, 'names_its_source')) as sourced,
        count(*) filter (list_has_any(items.acts, ['pictures_described', 'pictures_not_described'])) as with_pictures,
        count(*) filter (list_contains(items.acts, 'pictures_described')) as described
    from {{ standing_talk() }}
    where talk.kind = 'post' and talk.voice = 'practice' and talk.content_type = 'health_information'
    group by talk.practice_id, talk.month
),

asked as (
    select
        practice_id,
        month,
        unnest(['understandable', 'what to do', 'in steps', 'source named', 'pictures described']) as part,
        unnest([understandable, actionable, in_steps, sourced, described]) as number,
        unnest([screened, screened, stepped, asked_for_source, with_pictures]) as sample_size,
        -- Steps were first looked for on the day on which sources were.
        unnest([
            case when screened = 0 then {{ before }} end,
            case when screened = 0 then {{ before }} end,
            case when asked_for_source = 0 then {{ before }} when stepped = 0 then 'no post says what to do' end,
            case when asked_for_source = 0 then {{ before }} end,
            case when with_pictures = 0 then 'no post is known to hold pictures' end
        ]) as nothing_asked_why
    from totals
),

counts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        parts.part,
        coalesce(asked.number, 0) as number,
        coalesce(asked.sample_size, 0) as sample_size,
        coalesce(months.talk_not_covered_why, asked.nothing_asked_why, months.talk_left_out) as not_measured_why
    from {{ ref('practice_months') }} as months
    cross join parts
    left join asked
        on
            months.practice_id = asked.practice_id
            and months.month = asked.month
            and parts.part = asked.part
)

{{ count_figures('counts') }}
