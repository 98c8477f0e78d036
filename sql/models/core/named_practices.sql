-- one row per practice, month, post (source, site, item_id) and compared name that falls in it in the 90 days
select
    searches.practice_id,
    searches.month,
    searches.source,
    searches.site,
    namings.item_id,
    namings.named,
    namings.created_local,
    namings.page,
    namings.position
from {{ ref('name_searches') }} as searches
inner join {{ ref('namings') }} as namings
    on
        searches.practice_id = namings.practice_id
        and searches.source = namings.source
        and searches.site = namings.site
        and searches.night = namings.night
        and searches.window_start <= namings.created_local
        and searches.window_end > namings.created_local
inner join {{ ref('compared') }} as compared
    on searches.practice_id = compared.practice_id and namings.named = compared.named
where namings.kind = 'naming'
