{{ config(touched="month >= {from}") }}
-- one row per practice, month and type of post
with types as (
    select unnest(
        ['health_information', 'community', 'recognition', 'answer', 'promotion', 'other', 'not coded']
    ) as part
),

posts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        types.part,
        count(*) filter (coalesce(talk.content_type, 'not coded') = types.part and talk.item_id is not null) as number,
        count(talk.item_id) as sample_size,
        coalesce(months.talk_not_covered_why, months.talk_left_out) as not_measured_why
    from {{ ref('practice_months') }} as months
    cross join types
    left join {{ ref('talk') }} as talk
        on
            months.practice_id = talk.practice_id
            and months.month = talk.month
            and talk.in_window
            and talk.stands
            and talk.kind = 'post'
            and talk.voice = 'practice'
    group by months.practice_id, months.month, types.part, months.talk_not_covered_why, months.talk_left_out
)

{{ count_figures('posts') }}
