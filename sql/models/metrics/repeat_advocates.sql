{{ config(touched="month >= {from}") }}
-- one row per practice and month
with advocates as (
    select
        parts.practice_id,
        '' as site,
        parts.month,
        '' as part,
        count(*) filter (people.advocacy_acts >= 2) as number,
        count(people.person) as sample_size,
        coalesce(parts.unknown_why, parts.talk_left_out) as not_measured_why
    from {{ ref('engagement_counts') }} as parts
    left join {{ ref('people') }} as people
        on parts.practice_id = people.practice_id and parts.month = people.month and people.in_window
    where parts.part = 'E4'
    group by parts.practice_id, parts.month, parts.unknown_why, parts.talk_left_out
)

{{ count_figures('advocates') }}
