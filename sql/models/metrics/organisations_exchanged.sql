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
    where in_window and stands and voice in ('practice', 'organisation')
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

exchanges as (
    select
        organisations.practice_id,
        organisations.month,
        organisations.author_key,
        organisations.spoke_to_practice
        and count(*) filter (
            (said.answered_voice = 'organisation' and said.answered_key = organisations.author_key)
            or list_contains(said.mention_keys, organisations.author_key)
        ) > 0 as both_ways
    from organisations
    left join said
        on
            organisations.practice_id = said.practice_id
            and organisations.month = said.month
            and organisations.source = said.source
            and organisations.site = said.site
            and said.voice = 'practice'
    group by
        organisations.practice_id, organisations.month, organisations.source, organisations.site,
        organisations.author_key, organisations.spoke_to_practice
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
