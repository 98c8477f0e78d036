-- one row per practice, site, month and part: the hours until half were answered, and until 'nine of ten' were
with waiting as (
    select
        months.practice_id,
        months.site,
        months.month,
        kaplan_meier(
            list(answerable.seconds_to_reply) filter (answerable.seconds_to_reply is not null),
            list(answerable.seconds_watched) filter (answerable.seconds_to_reply is null)
        ) as waits,
        count(answerable.seconds_to_reply) as answered,
        count(answerable.item_id) as sample_size,
        null::varchar as reason,
        case
            when not months.can_reply then 'replies cannot be read on this site'
            when count(answerable.item_id) = 0 then months.not_covered_why
        end as not_measured_why
    from {{ ref('months') }} as months
    left join {{ ref('answerable_reviews') }} as answerable
        on
            months.practice_id = answerable.practice_id
            and months.site = answerable.site
            and months.next_month - interval 90 day <= answerable.created_local
            and months.next_month > answerable.created_local
            -- Said without "or", with which an outer join compares every month of everybody with every review.
            and months.next_month <= coalesce(answerable.removed_on, '9999-12-01'::date)
    group by months.practice_id, months.site, months.month, months.can_reply, months.not_covered_why
),

{{ hours_figures('waiting') }}
