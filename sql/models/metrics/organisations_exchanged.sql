{{ config(touched="month >= {from}") }}
-- one row per practice and month
with said as (
    select
        practice_id,
        month,
        source,
        site,
        voice,
        author_key,
        answered_voice,
        answered_key,
        mention_keys,
        counts
    from {{ ref('talk') }}
    where
        in_window
        and stands
        and voice in ('practice', 'organisation')
        -- One that only asks in its town whom to go to is not yet in touch.
        and (kind <> 'post' or to_practice)
),

organisations as (
    select
        practice_id,
        month,
        source,
        site,
        author_key,
        bool_or(counts) as spoke_to_practice
    from said
    where voice = 'organisation' and author_key is not null
    group by practice_id, month, source, site, author_key
),

-- Answered or named by the practice.
spoken_to as (
    select
        practice_id,
        month,
        source,
        site,
        answered_key as author_key
    from said
    where voice = 'practice' and answered_voice = 'organisation'
    union
    select
        practice_id,
        month,
        source,
        site,
        unnest(mention_keys) as author_key
    from said
    where voice = 'practice'
),

exchanges as (
    select
        organisations.practice_id,
        organisations.month,
        organisations.author_key,
        organisations.spoke_to_practice and spoken_to.author_key is not null as both_ways
    from organisations
    left join spoken_to
        on
            organisations.practice_id = spoken_to.practice_id
            and organisations.month = spoken_to.month
            and organisations.source = spoken_to.source
            and organisations.site = spoken_to.site
            and organisations.author_key = spoken_to.author_key
),

unnamed as (
    select
        practice_id,
        month,
        count(*) as voices
    from said
    where voice = 'organisation' and author_key is null
    group by practice_id, month
),

counted as (
    select
        months.practice_id,
        '' as site,
        months.month,
        '' as part,
        count(*) filter (exchanges.both_ways) as number,
        count(exchanges.author_key) as sample_size,
        coalesce(
            months.talk_not_covered_why,
            case when any_value(unnamed.voices) > 0 then 'the platforms do not say who speaks' end,
            months.talk_left_out
        ) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join exchanges on months.practice_id = exchanges.practice_id and months.month = exchanges.month
    left join unnamed on months.practice_id = unnamed.practice_id and months.month = unnamed.month
    group by months.practice_id, months.month, months.talk_not_covered_why, months.talk_left_out
)

{{ count_figures('counted') }}
