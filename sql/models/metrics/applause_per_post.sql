{{ config(touched="month >= {from}") }}
-- one row per practice, month and site, and one of all sites together
with {{ counted_of_posts('likes') }}

sites as (
    select
        practice_id,
        month,
        part,
        coalesce(number_counted, 0) as number,
        coalesce(posts_counted, 0) as posts,
        null::varchar as reason,
        case
            when not_covered_why is not null then not_covered_why
            when posts_made > 0 and posts_counted is null then 'likes are not shown'
        end as not_measured_why
    from counted
),

{{ per_post_figures('sites') }}
