{{ config(touched="month >= {from}") }}
-- one row per practice and month
with spoke as (
    select
        practice_id,
        month,
        count(*) filter (in_past and past_is_known) as numerator,
        count(*) filter (past_is_known) as sample_size,
        count(*) filter (not past_is_known) as untold
    from {{ ref('people') }}
    where in_window
    group by practice_id, month
),

unnamed as (
    {{ unnamed_voices() }}
),

shares as (
    select
        parts.practice_id,
        '' as site,
        parts.month,
        coalesce(spoke.numerator, 0) as numerator,
        coalesce(spoke.sample_size, 0) as sample_size,
        nullif(
            concat_ws(
                '; ',
                parts.talk_left_out,
                case
                    when coalesce(spoke.untold, 0) + coalesce(unnamed.voices, 0) > 0
                        then coalesce(spoke.untold, 0) + coalesce(unnamed.voices, 0) || ' could not be told'
                end
            ),
            ''
        ) as reason,
        coalesce(
            parts.unknown_why,
            case when spoke.practice_id is null and unnamed.voices > 0 then 'the platforms do not say who speaks' end
        ) as not_measured_why
    from {{ ref('engagement_counts') }} as parts
    left join spoke on parts.practice_id = spoke.practice_id and parts.month = spoke.month
    left join unnamed on parts.practice_id = unnamed.practice_id and parts.month = unnamed.month
    where parts.part = 'E3'
)

{{ share_figures('shares') }}
