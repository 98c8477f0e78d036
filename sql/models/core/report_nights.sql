{{ config(touched="month >= {from}", reads={"visited_months": "true"}) }}
-- one row per practice, source and review site, and month: the nights its report and the one before it are made of
with nights_of_reports as (
    select
        source,
        site,
        practice_id,
        report_month as month,
        min(first_list) as first_list,
        max(last_list) as last_list,
        max(last_whole_visit) as last_whole_visit,
        min(first_read) as first_read,
        max(last_read) as last_read
    from {{ ref('visited_months') }}
    group by source, site, practice_id, report_month
),

so_far as (
    select
        *,
        max(last_list) over reports as last_list_so_far,
        max(last_whole_visit) over reports as last_whole_visit_so_far,
        min(first_read) over reports as first_read_so_far,
        max(last_read) over reports as last_read_so_far
    from nights_of_reports
    window reports as (
        partition by source, site, practice_id order by month rows between unbounded preceding and current row
    )
),

pairs as (
    select
        months.practice_id,
        practice_sites.source,
        months.site,
        months.month,
        practice_sites.sampled,
        practice_sites.can_reply,
        least(months.next_month + 1, months.as_of_night) as known_on,
        now.first_list,
        now.last_list,
        now.last_read,
        before.last_list_so_far as last_list_before,
        before.last_whole_visit_so_far as last_whole_visit_before,
        before.first_read_so_far as first_read_before,
        before.last_read_so_far as last_read_before
    from {{ ref('months') }} as months
    inner join {{ ref('practice_sites') }} as practice_sites
        on
            months.practice_id = practice_sites.practice_id
            and months.site = practice_sites.site
            and practice_sites.has_reviews
    left join nights_of_reports as now
        on
            practice_sites.source = now.source
            and months.site = now.site
            and months.practice_id = now.practice_id
            and months.month = now.month
    asof left join so_far as before
        on
            practice_sites.source = before.source
            and months.site = before.site
            and months.practice_id = before.practice_id
            and months.month > before.month
    where months.as_of_night > months.month + 1
),

starts as (
    select
        *,
        case
            when sampled or first_read_before is null then null
            when last_list_before is not null then month + 1
            -- The terms of some sites keep nothing for so long: then from the first list that is still here.
            else first_list
        end as since
    from pairs
)

select
    practice_id,
    source,
    site,
    month,
    known_on,
    since,
    can_reply,
    -- Up to which nights it was read, as known on the night since which changes are told.
    case when since > month + 1 then since else last_whole_visit_before end as listed_before,
    case when since > month + 1 then since else last_read_before end as read_before,
    coalesce(last_list > since, false) as was_listed_since,
    case
        when sampled then 'the site shows a few reviews of its own choice'
        when first_read_before is null then 'not read before the last report'
        when since is null then 'what was known then is no longer kept'
        when last_read is null or last_read <= since then 'not read since the last report'
    end as not_known_why
from starts
