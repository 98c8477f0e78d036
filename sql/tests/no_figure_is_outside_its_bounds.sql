{{ config(touched=true) }}
-- one row per figure that cannot be: a share outside 0 to 1, stars outside 1 to 5, points outside 0 to 100, a range
-- that is upside down
select
    figures.practice_id,
    figures.site,
    figures.month,
    figures.metric,
    figures.part,
    figures.value,
    figures.low,
    figures.high,
    figures.numerator,
    figures.sample_size
from {{ ref('figures') }} as figures
inner join {{ ref('catalogue') }} as catalogue on figures.metric = catalogue.metric
where
    figures.value < 0
    or figures.numerator < 0
    or figures.low > figures.high
    or (
        catalogue.unit = 'share'
        and (
            figures.value > 1
            or figures.low < 0
            or figures.high > 1
            or figures.numerator > figures.sample_size
            or figures.value not between figures.low and figures.high
        )
    )
    or (catalogue.unit = 'stars' and least(figures.value, figures.low) < 1)
    or (catalogue.unit = 'stars' and greatest(figures.value, figures.high) > 5)
    or (
        catalogue.unit = 'points'
        and (
            figures.value > 100
            or figures.low < 0
            or figures.high > 100
            or figures.value not between figures.low and figures.high
        )
    )
