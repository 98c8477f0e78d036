-- one row per score (reputation, engagement) and version of its weights: the months it holds in
with scores as (
    select unnest(['reputation', 'engagement']) as score
),

versions as (
    select
        score,
        unnest(score_versions(score)) as told
    from scores
)

select
    score,
    told['name'] as version,
    told['valid_from'] as valid_from,
    -- In this month, the first of the version that follows, it is shown beside that one for the last time.
    coalesce(
        lead(told['valid_from']) over (partition by score order by told['valid_from']), '9999-12-01'::date
    ) as replaced_in
from versions
