{{ config(touched=true) }}
-- one row per practice, site and month whose five counts are not its number of rated reviews
select
    spread.practice_id,
    spread.site,
    spread.month,
    sum(spread.numerator) as counted,
    any_value(means.sample_size) as rated
from {{ ref('star_distribution') }} as spread
inner join {{ ref('mean_stars') }} as means
    on
        spread.practice_id = means.practice_id
        and spread.site = means.site
        and spread.month = means.month
        and means.part = ''
group by spread.practice_id, spread.site, spread.month
having coalesce(sum(spread.numerator), 0) <> any_value(means.sample_size)
