{{ config(touched="month >= {from}", reads={"items": "created_local >= {from} - interval 5 month"}) }}
-- one row per practice, month and part: what claims that something helps or harms, of the practice's 'own' posts or by
-- 'others', in 90 days
with parts as (
    select unnest(['own', 'others']) as part
),

judged as (
    select
        talk.practice_id,
        talk.month,
        case when talk.voice = 'practice' then 'own' else 'others' end as part,
        items.clinical_claim
    from {{ standing_talk() }}
    where
        not talk.is_spam
        -- An opening that only asks whom to go to is not below the practice's name.
        and (talk.kind <> 'post' or talk.to_practice)
        -- In another language, or where the terms let nothing be judged, nobody knows.
        and items.clinical_claim is not null
),

claims as (
    select
        months.practice_id,
        '' as site,
        months.month,
        parts.part,
        count(*) filter (judged.clinical_claim) as number,
        count(judged.clinical_claim) as sample_size,
        coalesce(months.talk_not_covered_why, months.talk_left_out) as not_measured_why
    from {{ ref('practice_months') }} as months
    cross join parts
    left join judged
        on
            months.practice_id = judged.practice_id
            and months.month = judged.month
            and parts.part = judged.part
    group by months.practice_id, months.month, parts.part, months.talk_not_covered_why, months.talk_left_out
)

{{ count_figures('claims') }}
