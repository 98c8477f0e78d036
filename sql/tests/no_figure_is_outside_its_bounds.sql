{{ config(touched=true) }}
-- one row per figure that cannot be: below what its metric says is the least, a share above 1, stars outside 1 to 5,
-- points above 100, a range that is upside down
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
    least(figures.value, figures.low) < catalogue.lowest::bigint
    -- What is below zero is a difference of counts, and so many at most.
    or figures.numerator < catalogue.lowest::bigint * figures.sample_size
    or figures.low > figures.high
    or (
        catalogue.unit in ('share', 'net share')
        and (
            figures.value > 1
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
            or figures.high > 100
            or figures.value not between figures.low and figures.high
        )
    )
