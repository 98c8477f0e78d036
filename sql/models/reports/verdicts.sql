{{ config(
    by_practice=true,
    touched="month >= {from}",
    reads={
        "figures": "month >= {from} - interval 5 month
            or (metric = 'reviews_received' and month >= {from} - interval 23 month)",
        "months": 23,
        "month_stars": 23,
        "topic_months": 5,
        "talk_months": 3,
    },
) }}
-- one row per practice, site, month, metric and part, and number of months it is compared over: 1 or 3 with as many
-- before them, or 12 for a month beside the same month of the year before
with figures as (
    select
        figures.practice_id,
        figures.site,
        figures.month,
        figures.metric,
        figures.part,
        figures.state,
        figures.reason,
        figures.numerator as number,
        figures.sample_size,
        -- What the number is divided by before two months are compared: reviews, or days for a count.
        case when figures.metric = 'reviews_received' then months.days else figures.sample_size end as exposure,
        month_stars.star_counts,
        false as is_single,
        1 as months,
        -- Numbers have a season; of a share or a mean none is known.
        case when figures.metric = 'reviews_received' then [1, 3, 12] else [1, 3] end as spans,
        []::varchar[] as sites
    from {{ of_practices('figures') }} as figures
    inner join {{ ref('months') }} as months
        on
            figures.practice_id = months.practice_id
            and figures.site = months.site
            and figures.month = months.month
    inner join {{ ref('month_stars') }} as month_stars
        on
            figures.practice_id = month_stars.practice_id
            and figures.site = month_stars.site
            and figures.month = month_stars.month
    where
        figures.metric in ('mean_stars', 'low_share', 'reviews_received', 'reply_share')
        and figures.part = ''
    union all
    select
        practice_id,
        site,
        month,
        'topic_mentions' as metric,
        part,
        case when not_measured_why is null then 'value' else 'not_measured' end as state,
        null as reason,
        mentions as number,
        judged as sample_size,
        judged as exposure,
        [0, 0, 0, 0, 0]::bigint[] as star_counts,
        mentions between 1 and 4 as is_single,
        1 as months,
        [1, 3] as spans,
        []::varchar[] as sites
    from {{ of_practices('topic_months') }} as topic_months
    union all
    select
        practice_id,
        '' as site,
        month,
        metric,
        '' as part,
        case when unknown_why is null then 'value' else 'not_measured' end as state,
        null as reason,
        number,
        sample_size,
        sample_size as exposure,
        [0, 0, 0, 0, 0]::bigint[] as star_counts,
        false as is_single,
        months,
        [months] as spans,
        sites
    from {{ of_practices('talk_months') }} as talk_months
),

-- How far two windows are apart, and how long each is.
spans as (
    select
        unnest([1, 3, 12])::integer as months,
        unnest([1, 3, 1])::integer as length
),

-- A year before says something only where two whole years were read.
months_of_two_years as (
    select
        practice_id,
        site,
        month,
        count(*) filter (state <> 'not_measured' and reason is null) over (
            partition by practice_id, site
            order by month
            range between interval 23 month preceding and current row
        ) as months_read
    from figures
    where metric = 'reviews_received'
),

windows as (
    select
        figures.practice_id,
        figures.site,
        figures.month,
        figures.metric,
        figures.part,
        spans.months,
        spans.length,
        -- Worked out here, because a join on a sum of both sides compares every month with every other.
        (figures.month + to_months(spans.months))::date as month_compared,
        sum(past.months)::bigint as months_known,
        any_value(past.sites) as sites,
        bool_or(past.state = 'not_measured') as has_gap,
        bool_or(past.reason is not null) as has_reason,
        bool_or(coalesce(past.reason = 'maturing', false)) as is_maturing,
        bool_or(past.is_single) as has_single,
        min(past.exposure) as least_exposure,
        sum(past.number)::bigint as number,
        sum(past.sample_size)::bigint as sample_size,
        sum(past.exposure)::bigint as exposure,
        [
            sum(past.star_counts[1]), sum(past.star_counts[2]), sum(past.star_counts[3]),
            sum(past.star_counts[4]), sum(past.star_counts[5])
        ]::bigint[] as star_counts
    from figures
    inner join spans on list_contains(figures.spans, spans.months)
    inner join figures as past
        on
            figures.practice_id = past.practice_id
            and figures.site = past.site
            and figures.metric = past.metric
            and figures.part = past.part
            and figures.months = past.months
            -- The 90 days of a conversation are three months as they are; months of reviews are added up.
            and past.month between figures.month - to_months(spans.length - figures.months) and figures.month
    group by
        figures.practice_id, figures.site, figures.month, figures.metric, figures.part, spans.months, spans.length
),

pairs as (
    select
        now.*,
        before.number as number_before,
        before.sample_size as sample_size_before,
        before.exposure as exposure_before,
        before.star_counts as star_counts_before,
        now.number * before.exposure - before.number * now.exposure as direction,
        -- One to four mentions stay hidden, and so does every sum from which they could be worked out.
        now.has_single or coalesce(before.has_single, false) as is_hidden,
        case
            when now.months = 1 and before.month is null then 'first_month'
            when least(now.months_known, coalesce(before.months_known, 0)) < now.length then 'too_early'
            when now.has_gap or before.has_gap then 'not_measured'
            -- Two windows of different places differ without anybody having changed.
            when now.sites <> before.sites then 'not_measured'
            -- A count that stops with the last read, and a cohort that has had less time, are lower for no reason
            -- of the practice's.
            when now.metric = 'reviews_received' and (now.has_reason or before.has_reason) then 'not_measured'
            when
                now.metric = 'reviews_received' and least(now.least_exposure, before.least_exposure) < 1
                then 'not_measured'
            when now.metric = 'reply_share' and (now.is_maturing or before.is_maturing) then 'not_measured'
            when
                now.metric <> 'reviews_received' and least(now.sample_size, before.sample_size) < 5
                then 'too_few'
        end as not_tested_why
    from windows as now
    left join windows as before
        on
            now.practice_id = before.practice_id
            and now.site = before.site
            and now.metric = before.metric
            and now.part = before.part
            and now.months = before.months
            -- The two windows touch and never overlap.
            and now.month = before.month_compared
    left join months_of_two_years as two_years
        on
            now.practice_id = two_years.practice_id
            and now.site = two_years.site
            and now.month = two_years.month
    where now.months < 12 or two_years.months_read = 24
),

tests as (
    select
        practice_id,
        site,
        month,
        metric,
        part,
        months,
        case metric
            when 'mean_stars' then permutation_test(star_counts_before, star_counts)
            when 'reviews_received' then count_test(number_before, exposure_before, number, exposure)
            else fisher_test(number_before, exposure_before, number, exposure)
        end as p_value
    from pairs
    where not_tested_why is null
),

-- Every test of one report is in one family.
families as (
    select
        practice_id,
        month,
        -- Sorted as a whole, because DuckDB sorts a list of its own slowly for each of many groups.
        list_sort(list(struct_pack(
            site := site, metric := metric, part := part, months := months, p_value := p_value
        ))) as tests
    from tests
    group by practice_id, month
),

adjusted as (
    select
        practice_id,
        month,
        unnest(tests) as test,
        unnest(benjamini_hochberg(list_transform(tests, lambda test: test['p_value']))) as p_adjusted
    from families
),

values_of_pairs as (
    select
        pairs.*,
        adjusted.test['p_value'] as p_value,
        adjusted.p_adjusted,
        case
            when pairs.metric = 'reviews_received' then pairs.number::double
            else pairs.number / nullif(pairs.sample_size, 0)
        end as this_value,
        case
            when pairs.metric = 'reviews_received' then pairs.number_before::double
            else pairs.number_before / nullif(pairs.sample_size_before, 0)
        end as previous_value,
        -- 0.3 stars or 15 points of share, in whole numbers so that exactly 0.3 counts; a count has no least size.
        case pairs.metric
            when 'mean_stars' then 10 * abs(pairs.direction) >= 3 * pairs.exposure * pairs.exposure_before
            when 'reviews_received' then true
            else 100 * abs(pairs.direction) >= 15 * pairs.exposure * pairs.exposure_before
        end as is_large
    from pairs
    left join adjusted
        on
            pairs.practice_id = adjusted.practice_id
            and pairs.month = adjusted.month
            and pairs.site = adjusted.test['site']
            and pairs.metric = adjusted.test['metric']
            and pairs.part = adjusted.test['part']
            and pairs.months = adjusted.test['months']
)

select
    practice_id,
    site,
    month,
    months,
    metric,
    part,
    case when not is_hidden then this_value end::decimal(18, 6) as this_value,
    case when not is_hidden then previous_value end::decimal(18, 6) as previous_value,
    sample_size as this_size,
    sample_size_before as previous_size,
    case when not is_hidden then this_value - previous_value end::decimal(18, 6) as difference,
    case when not is_hidden then p_value end::decimal(18, 6) as p_value,
    case when not is_hidden then p_adjusted end::decimal(18, 6) as p_adjusted,
    is_hidden,
    case
        when not_tested_why is not null then not_tested_why
        when not (p_value < 0.05 and p_adjusted <= 0.10 and is_large) then 'no_clear_change'
        when direction > 0 then 'rose'
        else 'fell'
    end as verdict
from values_of_pairs
