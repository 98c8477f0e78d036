{{ config(touched="month >= {from}") }}
-- one row per practice and month
with comments as (
    select
        months.practice_id,
        '' as site,
        months.month,
        count(*) filter (talk.counts and talk.is_substantive) as numerator,
        count(talk.item_id) as sample_size,
        months.talk_left_out as reason,
        months.talk_not_covered_why as not_measured_why
    from {{ ref('practice_months') }} as months
    left join {{ ref('talk') }} as talk
        on
            months.practice_id = talk.practice_id
            and months.month = talk.month
            and talk.in_window
            and talk.stands
            and talk.kind = 'comment'
            and talk.below_own_post
            and talk.is_outside
            and not talk.is_spam
    group by months.practice_id, months.month, months.talk_left_out, months.talk_not_covered_why
)

{{ share_figures('comments') }}
