{{ config(touched="month >= {from}") }}
-- one row per practice, month and type of post
with types as (
    select unnest(
        ['health_information', 'community', 'recognition', 'answer', 'promotion', 'other', 'not coded']
    ) as part
),

made as (
    select
        practice_id,
        month,
        coalesce(content_type, 'not coded') as part,
        count(*) as number
    from {{ ref('talk') }}
    where in_window and stands and kind = 'post' and voice = 'practice'
    group by practice_id, month, coalesce(content_type, 'not coded')
),

totals as (
    select
        practice_id,
        month,
        sum(number) as number
    from made
    group by practice_id, month
),

posts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        types.part,
        coalesce(made.number, 0) as number,
        coalesce(totals.number, 0) as sample_size,
        coalesce(months.talk_not_covered_why, months.talk_left_out) as not_measured_why
    from {{ ref('practice_months') }} as months
    cross join types
    left join made
        on months.practice_id = made.practice_id and months.month = made.month and types.part = made.part
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
)

{{ count_figures('posts') }}
