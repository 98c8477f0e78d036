-- one row per practice, site and month whose next month is not there although the night of the build is later
select
    months.practice_id,
    months.site,
    months.month
from {{ ref('months') }} as months
left join {{ ref('months') }} as later
    on
        months.practice_id = later.practice_id
        and months.site = later.site
        and months.next_month = later.month
where later.month is null and months.next_month <= months.as_of_night
