{{ config(touched="month >= {from}", reads={"answerable_reviews": 3}) }}
-- one row per practice, site, month and part: the hours until half were answered, and until 'nine of ten' were
with watched as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.can_reply,
        months.not_covered_why,
        answerable.item_id,
        answerable.seconds_to_reply,
        -- Every month is watched until its own end, or until tonight: one that has been over for long had no more time.
        greatest(
            0,
            date_diff('second', answerable.created_local, least(months.next_month, months.as_of_night)::timestamp)
        ) as seconds_watched
    from {{ ref('months') }} as months
    left join {{ ref('answerable_reviews') }} as answerable
        on
            months.practice_id = answerable.practice_id
            and months.site = answerable.site
            and months.next_month - interval 90 day <= answerable.created_local
            and months.next_month > answerable.created_local
            -- Said without "or", with which an outer join compares every month of everybody with every review.
            and months.next_month <= coalesce(answerable.removed_on, '9999-12-01'::date)
),

known as (
    select
        *,
        case when seconds_to_reply <= seconds_watched then seconds_to_reply end as seconds_to_answer
    from watched
),

waiting as (
    select
        practice_id,
        site,
        month,
        kaplan_meier(
            list(seconds_to_answer) filter (seconds_to_answer is not null),
            list(seconds_watched) filter (item_id is not null and seconds_to_answer is null)
        ) as waits,
        count(seconds_to_answer) as answered,
        count(item_id) as sample_size,
        null::varchar as reason,
        case
            when not can_reply then 'replies cannot be read on this site'
            when count(item_id) = 0 then not_covered_why
        end as not_measured_why
    from known
    group by practice_id, site, month, can_reply, not_covered_why
),

{{ hours_figures('waiting') }}
