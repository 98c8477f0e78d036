-- one row per practice, site and month
with waits as (
    select
        months.practice_id,
        months.site,
        months.month,
        kaplan_meier_median(
            list(answerable.seconds_to_reply) filter (answerable.seconds_to_reply is not null),
            list(answerable.seconds_watched) filter (answerable.seconds_to_reply is null)
        ) as median_seconds,
        count(answerable.seconds_to_reply) as answered,
        count(answerable.item_id) as sample_size,
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

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when sample_size < 5 then 'too_few'
            when median_seconds is null then 'not_measured'
            when median_seconds = 0 then 'zero'
            else 'value'
        end as state
    from waits
)

select
    practice_id,
    site,
    month,
    '' as part,
    case when state in ('value', 'zero') then median_seconds::decimal(18, 6) / 3600 end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when not_measured_why is null then answered end::bigint as numerator,
    sample_size::bigint as sample_size,
    state,
    coalesce(
        not_measured_why,
        case when state = 'not_measured' then 'more than half not answered yet' end
    )::varchar as reason
from states
