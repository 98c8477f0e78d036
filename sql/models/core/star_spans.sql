{{ config(
    touched="(source, site, practice_id, item_id) in (
        select source, site, practice_id, item_id from core.items where kind = 'review' and first_seen >= {from}
    )",
    read="true",
) }}
-- one row per review whose stars were ever edited (source, site, practice_id, item_id) and span of months at whose end
-- they were the same: from from_month on, until until_month
with restated as (
    select *
    from {{ ref('edits') }}
    where kind = 'review' and (stars_before is distinct from stars or state_before is distinct from state)
),

-- An edit belongs to the month of the night that read it; of several in one month the last one stands at its end.
versions as (
    select
        source,
        site,
        practice_id,
        item_id,
        date_trunc('month', night)::date as from_month,
        arg_max(struct_pack(stars := stars, state := state), night) as version
    from restated
    group by source, site, practice_id, item_id, date_trunc('month', night)
    union all
    -- What was read first is all that is known of the months before the first edit.
    select
        source,
        site,
        practice_id,
        item_id,
        '0001-01-01'::date as from_month,
        arg_min(struct_pack(stars := stars_before, state := state_before), night) as version
    from restated
    group by source, site, practice_id, item_id
)

select
    source,
    site,
    practice_id,
    item_id,
    from_month,
    lead(from_month, 1, '9999-12-01'::date) over (
        partition by source, site, practice_id, item_id order by from_month
    ) as until_month,
    version['stars'] as stars,
    version['state'] as state,
    {{ score_stars("version['stars']", "version['state']") }} as score_stars
from versions
