{{ config(touched="month >= {from}") }}
-- one row per practice, month, part (E1 to E6) of the Engagement Quality Score and version of its weights: what it was
-- made of, and its points
with numbered as (
    select
        *,
        row_number() over (partition by practice_id, month order by part) as number
    from {{ ref('engagement_counts') }}
)

select
    numbered.practice_id,
    numbered.month,
    numbered.part,
    numbered.successes as s,
    numbered.trials as n,
    -- Without enough activity there is no score, so there are no points either.
    case
        when engagement.is_enough and engagement.not_measured_why is null
            then engagement.scored['points'][numbered.number]
    end::decimal(18, 6) as points,
    engagement.scored['weights'][numbered.number]::integer as of,
    numbered.unknown_why is null as known,
    numbered.unknown_why as why,
    numbered.missing,
    numbered.handled,
    engagement.version,
    engagement.is_current
from numbered
inner join {{ ref('engagement') }} as engagement
    on numbered.practice_id = engagement.practice_id and numbered.month = engagement.month
