{{ config(touched="month >= {from}") }}
-- one row per practice, month and site, and one of all sites together
with {{ counted_of_posts('shares') }}

sites as (
    select
        practice_id,
        month,
        part,
        -- Who shared is better than how many: the practice's own accounts and contest entries are then left out.
        case when shares_seen > 0 then shares else coalesce(number_counted, 0) end as number,
        case when shares_seen > 0 then posts_made else coalesce(posts_counted, 0) end as posts,
        case when shares_seen = 0 and posts_counted > 0 then 'as the platform counts, whoever shared' end as reason,
        case
            when not_covered_why is not null then not_covered_why
            when posts_made > 0 and shares_seen = 0 and posts_counted is null then 'shares are not shown'
        end as not_measured_why
    from counted
),

{{ per_post_figures('sites') }}
