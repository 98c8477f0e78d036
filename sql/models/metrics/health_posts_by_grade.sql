{{ config(touched="month >= {from}", reads={"items": "created_local >= {from} - interval 5 month"}) }}
-- one row per practice, month and part: the practice's own health posts of 90 days that are 'plain', 'hard' to read, or
-- 'not graded' as they are too short
with parts as (
    select unnest(['plain', 'hard', 'not graded']) as part
),

health_posts as (
    select
        talk.practice_id,
        talk.month,
        case
            when items.reading_grade is null then 'not graded'
            when items.reading_grade <= 8 then 'plain'
            else 'hard'
        end as part
    from {{ standing_talk() }}
    where talk.kind = 'post' and talk.voice = 'practice' and talk.content_type = 'health_information'
),

posts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        parts.part,
        count(*) filter (health_posts.part = parts.part) as number,
        count(health_posts.part) as sample_size,
        coalesce(months.talk_not_covered_why, months.talk_left_out) as not_measured_why
    from {{ ref('practice_months') }} as months
    cross join parts
    left join health_posts
        on
            months.practice_id = health_posts.practice_id
            and months.month = health_posts.month
    group by months.practice_id, months.month, parts.part, months.talk_not_covered_why, months.talk_left_out
)

{{ count_figures('posts') }}
