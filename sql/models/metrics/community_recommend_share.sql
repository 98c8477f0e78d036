{{ config(touched="month >= {from}") }}
-- one row per practice and month
with mentions as (
    select
        practice_id,
        month,
        count(*) filter (advocates) as numerator,
        count(*) as sample_size
    from {{ ref('talk') }}
    where
        in_window
        and counts
        and kind <> 'share'
        and place is not null
        and matched is not null
        and (advocates or discourages)
    group by practice_id, month
),

{{ share_of_talk('mentions') }}
