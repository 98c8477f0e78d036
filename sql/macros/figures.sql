{#- What metrics have in common. A metric is a table of `practice_id, site, month, part` and a figure. -#}

{#- The last SELECT of a share: from a CTE with practice_id, site, month, numerator, sample_size, reason and
    not_measured_why. Below the fewest a percentage says nothing, so only "k of n" is left to print. -#}
{% macro share_figures(cte, fewest=10) %}
select
    practice_id,
    site,
    month,
    '' as part,
    case when state in ('value', 'zero') then numerator::decimal(18, 6) / sample_size end::decimal(18, 6) as value,
    case when state in ('value', 'zero') then wilson(numerator, sample_size).low end::decimal(18, 6) as low,
    case when state in ('value', 'zero') then wilson(numerator, sample_size).high end::decimal(18, 6) as high,
    case when state <> 'not_measured' then numerator end::bigint as numerator,
    sample_size::bigint as sample_size,
    state,
    coalesce(not_measured_why, reason)::varchar as reason
from (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when sample_size < {{ fewest }} then 'too_few'
            when numerator = 0 then 'zero'
            else 'value'
        end as state
    from {{ cte }}
) as shares
{% endmacro %}

{#- The whole SELECT of the share of a month's reviews that were answered within so many days: a number, or the
    practice's own column of it. The month is final so many days after its end. -#}
{% macro share_answered_within(days, of_practice=false) %}
with cohorts as (
    select
        months.practice_id,
        months.site,
        months.month,
        count(*) filter (answerable.seconds_to_reply <= {{ days }} * 86400) as numerator,
        count(answerable.item_id) as sample_size,
        {% if of_practice -%}
        -- A few days are soon over, and what nobody has read since may have been answered.
        case
            when months.as_of_night < months.next_month + {{ days }} then 'maturing' else months.not_covered_why
        end as reason,
        {%- else -%}
        case when months.as_of_night < months.next_month + {{ days }} then 'maturing' end as reason,
        {%- endif %}
        case
            when not months.can_reply then 'replies cannot be read on this site'
            {%- if of_practice %}
            when {{ days }} is null then 'no target was set'
            {%- endif %}
            when count(answerable.item_id) = 0 then months.not_covered_why
        end as not_measured_why
    from {{ ref('months') }} as months
    {% if of_practice -%}
    inner join {{ ref('practices') }} as practices on months.practice_id = practices.practice_id
    {% endif -%}
    left join {{ ref('answerable_reviews') }} as answerable
        on
            months.practice_id = answerable.practice_id
            and months.site = answerable.site
            and months.month = answerable.month
            and answerable.counted
    group by
        months.practice_id, months.site, months.month, months.next_month, months.as_of_night, months.can_reply,
        months.not_covered_why{{ ', ' ~ days if of_practice }}
)

{{ share_figures('cohorts') }}
{% endmacro %}

{#- The last CTE and SELECT of a share of what was said in public: from a CTE with practice_id, month, numerator and
    sample_size of the months in which there was any, and `unknown_why` of it where more than a place can be missing. -#}
{% macro share_of_talk(cte, unknown_why=none) %}
shares as (
    select
        months.practice_id,
        '' as site,
        months.month,
        coalesce({{ cte }}.numerator, 0) as numerator,
        coalesce({{ cte }}.sample_size, 0) as sample_size,
        months.talk_left_out as reason,
        {% if unknown_why -%}
        coalesce(months.talk_not_covered_why, {{ unknown_why }})
        {%- else -%}
        months.talk_not_covered_why
        {%- endif %} as not_measured_why
    from {{ ref('practice_months') }} as months
    left join {{ cte }} on months.practice_id = {{ cte }}.practice_id and months.month = {{ cte }}.month
)

{{ share_figures('shares') }}
{% endmacro %}

{#- The CTEs that end in `shares`: of what people said to the practice in public and `flag` is true of, what it answered
    in words within 7 days. -#}
{% macro answered_within_a_week(flag) -%}
asked as (
    select
        practice_id,
        month,
        -- Younger than a week it can still be answered in time and is not counted yet, with an answer no more than
        -- without one.
        count(*) filter (
            outcome <> 'handled privately' and seconds_watched >= 7 * 86400 and seconds_to_answer <= 7 * 86400
        ) as numerator,
        count(*) filter (outcome <> 'handled privately' and seconds_watched >= 7 * 86400) as sample_size,
        count(*) filter (outcome = 'handled privately') as handled
    from {{ ref('calls') }}
    where {{ flag }}
    group by practice_id, month
),

shares as (
    select
        parts.practice_id,
        '' as site,
        parts.month,
        coalesce(asked.numerator, 0) as numerator,
        coalesce(asked.sample_size, 0) as sample_size,
        nullif(
            concat_ws(
                '; ',
                parts.talk_left_out,
                case when asked.handled > 0 then asked.handled || ' handled privately' end
            ),
            ''
        ) as reason,
        parts.unknown_why as not_measured_why
    from {{ ref('engagement_counts') }} as parts
    left join asked on parts.practice_id = asked.practice_id and parts.month = asked.month
    where parts.part = 'E1'
)
{%- endmacro %}

{#- The last SELECT of a count: from a CTE with practice_id, site, month, part, number, sample_size and
    not_measured_why, which makes a number a lower bound and a zero nothing at all. -#}
{% macro count_figures(cte) %}
select
    practice_id,
    site,
    month,
    part::varchar as part,
    case when number > 0 or not_measured_why is null then number end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when number > 0 or not_measured_why is null then number end::bigint as numerator,
    sample_size::bigint as sample_size,
    case when number > 0 then 'value' when not_measured_why is null then 'zero' else 'not_measured' end as state,
    not_measured_why::varchar as reason
from {{ cte }}
{% endmacro %}

{#- The last SELECT of a mean of stars: from a CTE with practice_id, site, month, part, star_counts, rated, star_sum and
    not_covered_why. A month with some reviews that was not read in full still has a mean. -#}
{% macro mean_figures(cte) %}
select
    practice_id,
    site,
    month,
    part,
    case when state = 'value' then star_sum::decimal(18, 6) / rated end::decimal(18, 6) as value,
    case when state = 'value' then interval_95['low'] end::decimal(18, 6) as low,
    case when state = 'value' then interval_95['high'] end::decimal(18, 6) as high,
    case when state <> 'not_measured' then star_sum end::bigint as numerator,
    rated::bigint as sample_size,
    state,
    not_covered_why::varchar as reason
from (
    select
        *,
        case
            when rated = 0 and not_covered_why is not null then 'not_measured'
            when rated < 5 then 'too_few'
            else 'value'
        end as state,
        dirichlet_mean(star_counts) as interval_95
    from {{ cte }}
) as means
{% endmacro %}

{#- Why a month of reviews is not known in full, from the last night that read its site, the last one that listed
    everything, and the day up to which the month is looked at. A list of everything is asked for once a week; a day
    more for a night that fails. -#}
{% macro reviews_not_covered_why(last_read_night, last_complete_night, until) %}
case
    when {{ last_read_night }} is null then 'never read'
    when {{ last_read_night }} < {{ until }} then 'last read on ' || strftime({{ last_read_night }}, '%Y-%m-%d')
    when {{ last_complete_night }} is null then 'no complete list has been read'
    when {{ last_complete_night }} < {{ until }} - 8
        then 'last complete list read on ' || strftime({{ last_complete_night }}, '%Y-%m-%d')
end
{% endmacro %}

{#- A metric that is one part of the Engagement Quality Score: the share itself, without the score's prior. -#}
{% macro part_figures(part) %}
with shares as (
    select
        practice_id,
        '' as site,
        month,
        successes as numerator,
        trials as sample_size,
        nullif(
            concat_ws(
                '; ',
                talk_left_out,
                case when missing > 0 then missing || ' could not be told' end,
                case when handled > 0 then handled || ' handled privately' end
            ),
            ''
        ) as reason,
        unknown_why as not_measured_why
    from {{ ref('engagement_counts') }}
    where part = '{{ part }}'
)

{{ share_figures('shares') }}
{% endmacro %}

{#- The first CTEs of a number that platforms count below posts (by its meaning): `counted`, one row per practice, month
    and part (the site), with the own posts of the 90 days, those a number is known of, and what was seen of shares. -#}
{% macro counted_of_posts(meaning) %}
said as (
    select
        practice_id,
        month,
        site,
        count(*) filter (kind = 'post' and voice = 'practice') as posts,
        count(*) filter (kind = 'share') as shares_seen,
        count(*) filter (kind = 'share' and counts and below_own_post) as shares
    from {{ ref('talk') }}
    where in_window and stands and kind in ('post', 'share')
    group by practice_id, month, site
),

numbers as (
    select
        practice_id,
        month,
        site,
        count(*) as posts,
        sum(value)::bigint as number
    from {{ ref('post_numbers') }}
    where meaning = '{{ meaning }}'
    group by practice_id, month, site
),

counted as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        talk_sites.site as part,
        talk_sites.not_covered_why,
        said.posts as posts_made,
        said.shares_seen,
        said.shares,
        numbers.posts as posts_counted,
        numbers.number as number_counted
    from {{ ref('talk_sites') }} as talk_sites
    left join said
        on
            talk_sites.practice_id = said.practice_id
            and talk_sites.month = said.month
            and talk_sites.site = said.site
    left join numbers
        on
            talk_sites.practice_id = numbers.practice_id
            and talk_sites.month = numbers.month
            and talk_sites.site = numbers.site
),
{% endmacro %}

{#- The last CTEs and SELECT of a number per post: from a CTE with practice_id, month, part (the site), number, posts,
    reason and not_measured_why. All sites together are the part ''. Below four posts nothing is divided. -#}
{% macro per_post_figures(cte) %}
all_sites as (
    select
        practice_id,
        month,
        part,
        number,
        posts,
        reason,
        not_measured_why
    from {{ cte }}
    union all
    select
        months.practice_id,
        months.month,
        '' as part,
        coalesce(sum(sites.number) filter (sites.not_measured_why is null), 0)::bigint as number,
        coalesce(sum(sites.posts) filter (sites.not_measured_why is null), 0)::bigint as posts,
        'without ' || string_agg(site_name(sites.part) || ' (' || sites.not_measured_why || ')', ', ' order by sites.part) filter (
            sites.not_measured_why is not null
        ) as reason,
        case
            when months.talk_not_covered_why is not null then months.talk_not_covered_why
            when count(*) filter (sites.not_measured_why is null) = 0
                then string_agg(site_name(sites.part) || ': ' || sites.not_measured_why, '; ' order by sites.part)
        end as not_measured_why
    from {{ ref('practice_months') }} as months
    left join {{ cte }} as sites on months.practice_id = sites.practice_id and months.month = sites.month
    group by months.practice_id, months.month, months.talk_not_covered_why
),

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when posts < 4 then 'too_few'
            when number = 0 then 'zero'
            else 'value'
        end as state
    from all_sites
)

select
    practice_id,
    '' as site,
    month,
    part,
    case when state in ('value', 'zero') then number::decimal(18, 6) / posts end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when state <> 'not_measured' then number end::bigint as numerator,
    posts::bigint as sample_size,
    state,
    coalesce(not_measured_why, reason)::varchar as reason
from states
{% endmacro %}

{#- The last CTEs and SELECT of a time until an answer: from a CTE with practice_id, site, month, waits (seconds until
    half and nine of ten were answered), answered, sample_size, reason and not_measured_why. `clocks` names the parts
    and the columns with their waits, where there are more than the calendar's. -#}
{% macro hours_figures(cte, clocks={'': 'waits'}) %}
times as (
    select
        *,
        unnest([
            {%- for clock, waits in clocks.items() %}
            struct_pack(
                part := '{{ clock }}',
                seconds := {{ waits }}['half'],
                fewest := 5,
                why := 'more than half not answered yet'
            ),
            struct_pack(
                part := '{{ clock }}{{ ', ' if clock }}nine of ten',
                seconds := {{ waits }}['nine_of_ten'],
                fewest := 10,
                why := 'more than one in ten not answered yet'
            ){{ ',' if not loop.last }}
            {%- endfor %}
        ]) as told
    from {{ cte }}
),

states as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when sample_size < told['fewest'] then 'too_few'
            when told['seconds'] is null then 'not_measured'
            when told['seconds'] = 0 then 'zero'
            else 'value'
        end as state
    from times
)

select
    practice_id,
    site,
    month,
    told['part'] as part,
    case when state in ('value', 'zero') then told['seconds']::decimal(18, 6) / 3600 end::decimal(18, 6) as value,
    null::decimal(18, 6) as low,
    null::decimal(18, 6) as high,
    case when not_measured_why is null then answered end::bigint as numerator,
    sample_size::bigint as sample_size,
    state,
    coalesce(not_measured_why, case when state = 'not_measured' then told['why'] end, reason)::varchar as reason
from states
{% endmacro %}

{#- The part of a score's figure: in its last month a version of before is told by its name, beside the one that
    follows. -#}
{% macro part_of_version(part) -%}
case when is_current then {{ part }} else concat_ws(', ', nullif({{ part }}, ''), 'version ' || version) end
{%- endmacro %}

{#- The whole SELECT of a Reputation Score, of the rows of `reputation_scores` that are the metric's. -#}
{% macro reputation_figures(condition) %}
select
    practice_id,
    site,
    month,
    {{ part_of_version('part') }} as part,
    value,
    low,
    high,
    case when state <> 'not_measured' then reviews_of_year end::bigint as numerator,
    reviews::bigint as sample_size,
    state,
    reason
from {{ ref('reputation_scores') }}
where {{ condition }}
{% endmacro %}

{#- The last CTEs and SELECT of a share of the answers of 90 days for which `flag` is true, from a CTE `answers` with a row
    per answer and month it can count in. An answer without a flag was not judged; `not_judged` says so of all of them. -#}
{% macro share_of_recent_answers(flag, not_judged) %}
recent_answers as (
    select *
    from answers
    where
        month + interval 1 month - interval 90 day <= created_local
        and month + interval 1 month > created_local
        and (removed_on is null or month + interval 1 month <= removed_on)
),

counts as (
    select
        months.practice_id,
        months.site,
        months.month,
        count(*) filter (answers.{{ flag }} and months.can_reply) as numerator,
        count(answers.{{ flag }}) filter (months.can_reply) as sample_size,
        months.not_covered_why as reason,
        case
            when not months.can_reply then 'replies cannot be read on this site'
            when count(answers.{{ flag }}) > 0 then null
            when count(answers.item_id) > 0 then '{{ not_judged }}'
            else months.not_covered_why
        end as not_measured_why
    from {{ ref('months') }} as months
    left join recent_answers as answers
        on
            months.practice_id = answers.practice_id
            and months.site = answers.site
            and months.month = answers.month
    group by months.practice_id, months.site, months.month, months.can_reply, months.not_covered_why
)

{{ share_figures('counts') }}
{% endmacro %}

{#- The CTEs that end in `standing`: how many of `answers` there are of each name, by its condition, in a month and all
    months before, as what stands can be read until somebody changes it or takes it down. Needs 'checked'. -#}
{% macro standing_answers(counted) %}
first_months as (
    select
        practice_id,
        site,
        min(month) as month
    from {{ ref('months') }}
    group by practice_id, site
),

-- What stands since before the first of these months stands in it.
since_first as (
    select answers.* replace (greatest(answers.month, first_months.month) as month)
    from answers
    inner join first_months on answers.practice_id = first_months.practice_id and answers.site = first_months.site
),

new_ones as (
    select
        months.practice_id,
        months.site,
        months.month,
        months.can_reply,
        months.not_covered_why
        {%- for name, condition in counted.items() %},
        count(*) filter ({{ condition }}) as {{ name }}
        {%- endfor %}
    from {{ ref('months') }} as months
    left join since_first as answers
        on
            months.practice_id = answers.practice_id
            and months.site = answers.site
            and months.month = answers.month
    group by months.practice_id, months.site, months.month, months.can_reply, months.not_covered_why
),

standing as (
    select
        practice_id,
        site,
        month,
        can_reply,
        not_covered_why
        {%- for name in counted %},
        {% if name == 'checked' %}case when can_reply then sum(checked) over months_so_far else 0 end
        {%- else %}sum({{ name }}) over months_so_far{% endif %} as {{ name }}
        {%- endfor %}
    from new_ones
    window months_so_far as (partition by practice_id, site order by month)
)
{% endmacro %}
