{{ config(touched="month >= {from}") }}
-- one row per practice, month and version of the score's weights: the Engagement Quality Score, and whether there was
-- enough to give one
with counts as (
    select
        practice_id,
        month,
        list(successes order by part) as successes,
        list(trials order by part) as trials,
        string_agg(part || ': ' || unknown_why, '; ' order by part) as not_known
    from {{ ref('engagement_counts') }}
    group by practice_id, month
),

parts as (
    select
        counts.practice_id,
        counts.month,
        counts.not_known,
        versions.version,
        counts.month < versions.replaced_in as is_current,
        engagement(counts.successes, counts.trials, versions.version)::struct(
            score decimal(18, 6),
            low decimal(18, 6),
            high decimal(18, 6),
            firmness varchar,
            points decimal(18, 6)[],
            weights bigint[]
        ) as scored
    from counts
    inner join {{ ref('score_versions') }} as versions
        on versions.score = 'engagement' and counts.month between versions.valid_from and versions.replaced_in
),

people as (
    select
        practice_id,
        month,
        count(*) as people
    from {{ ref('people') }}
    where in_window
    group by practice_id, month
),

unnamed as (
    {{ unnamed_voices() }}
),

acts as (
    select
        practice_id,
        month,
        count(*) as acts
    from {{ ref('practice_acts') }}
    group by practice_id, month
)

select
    months.practice_id,
    months.month,
    parts.version,
    parts.is_current,
    parts.scored,
    parts.not_known,
    months.talk_left_out,
    coalesce(people.people, 0) as people,
    coalesce(acts.acts, 0) as acts,
    case
        when months.talk_not_covered_why is not null then months.talk_not_covered_why
        when coalesce(people.people, 0) < 8 and unnamed.voices > 0 then 'too few platforms say who speaks'
    end as not_measured_why,
    coalesce(people.people, 0) >= 8 and coalesce(acts.acts, 0) >= 8 as is_enough
from {{ ref('practice_months') }} as months
inner join parts on months.practice_id = parts.practice_id and months.month = parts.month
left join people on months.practice_id = people.practice_id and months.month = people.month
left join unnamed on months.practice_id = unnamed.practice_id and months.month = unnamed.month
left join acts on months.practice_id = acts.practice_id and months.month = acts.month
