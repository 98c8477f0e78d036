{{ config(touched="month >= {from}") }}
-- one row per practice, site ('' for all that may be combined), month, part and version of the score's weights: the
-- Reputation Score, or why not
with sampled_sites as (
    select
        practice_id,
        site,
        bool_or(sampled) as sampled
    from {{ ref('practice_sites') }}
    group by practice_id, site
),

site_evidence as (
    select
        recent.practice_id,
        recent.site,
        recent.month,
        recent.part,
        recent.reviews,
        recent.reviews_of_year,
        recent.weight,
        [recent.site] as sites,
        [recent.counts] as counts,
        [1]::decimal(18, 12)[] as weights,
        recent.answered,
        recent.critical,
        recent.handled,
        case
            when sampled_sites.sampled then 'the site shows a few reviews of its own choice'
            else recent.not_covered_why
        end as not_measured_why,
        null::varchar as no_weights_why
    from {{ ref('recent_reviews') }} as recent
    inner join sampled_sites
        on recent.practice_id = sampled_sites.practice_id and recent.site = sampled_sites.site
),

-- Where one site has a cluster, the others stand in the second figure as they are.
wanted_parts as (
    select
        practice_months.practice_id,
        practice_months.month,
        '' as part
    from {{ ref('practice_months') }} as practice_months
    union all
    select distinct
        recent.practice_id,
        recent.month,
        recent.part
    from {{ ref('recent_reviews') }} as recent
    inner join {{ ref('site_weights') }} as weights
        on
            recent.practice_id = weights.practice_id
            and recent.site = weights.site
            and date_trunc('year', recent.month) = weights.year
            and weights.weight > 0
    where recent.part <> ''
),

combined_sites as (
    select
        wanted_parts.practice_id,
        wanted_parts.month,
        wanted_parts.part,
        weights.site,
        weights.weight as site_weight,
        coalesce(part_of.reviews, whole.reviews) as reviews,
        coalesce(part_of.reviews_of_year, whole.reviews_of_year) as reviews_of_year,
        coalesce(part_of.counts, whole.counts) as counts,
        coalesce(part_of.weight, whole.weight) as weight,
        coalesce(part_of.answered, whole.answered) as answered,
        coalesce(part_of.critical, whole.critical) as critical,
        coalesce(part_of.handled, whole.handled) as handled,
        whole.not_covered_why,
        whole.site is not null as in_spine
    from wanted_parts
    left join {{ ref('site_weights') }} as weights
        on
            wanted_parts.practice_id = weights.practice_id
            and date_trunc('year', wanted_parts.month) = weights.year
    left join {{ ref('recent_reviews') }} as whole
        on
            weights.practice_id = whole.practice_id
            and weights.site = whole.site
            and wanted_parts.month = whole.month
            and whole.part = ''
    left join {{ ref('recent_reviews') }} as part_of
        on
            weights.practice_id = part_of.practice_id
            and weights.site = part_of.site
            and wanted_parts.month = part_of.month
            and wanted_parts.part = part_of.part
),

combined_evidence as (
    select
        practice_id,
        '' as site,
        month,
        part,
        coalesce(sum(reviews) filter (site_weight > 0), 0)::bigint as reviews,
        coalesce(sum(reviews_of_year) filter (site_weight > 0), 0)::bigint as reviews_of_year,
        coalesce(sum(weight) filter (site_weight > 0), 0)::decimal(18, 12) as weight,
        list(site order by site) filter (site_weight > 0 and in_spine) as sites,
        list(counts order by site) filter (site_weight > 0 and in_spine) as counts,
        list(site_weight order by site) filter (site_weight > 0 and in_spine) as weights,
        coalesce(sum(answered) filter (site_weight > 0), 0)::decimal(18, 12) as answered,
        coalesce(sum(critical) filter (site_weight > 0), 0)::decimal(18, 12) as critical,
        coalesce(sum(handled) filter (site_weight > 0), 0)::bigint as handled,
        case
            when count(site) = 0 then 'no site allows its stars to be combined with those of others'
            else
                string_agg(site_name(site) || ': ' || not_covered_why, '; ' order by site)
                filter (site_weight > 0 and not_covered_why is not null)
        end as not_measured_why,
        case
            when count(site_weight) = 0
                then 'no review of ' || (extract(year from month) - 1) || ' to weigh the sites by'
        end as no_weights_why
    from combined_sites
    group by practice_id, month, part
),

evidence as (
    select * from site_evidence
    union all by name
    select * from combined_evidence
),

gated as (
    select
        *,
        case
            when not_measured_why is not null then 'not_measured'
            when no_weights_why is not null or reviews_of_year < 10 or weight < 5 then 'too_few'
            else 'value'
        end as state,
        case
            when not_measured_why is not null then not_measured_why
            when no_weights_why is not null then no_weights_why
            when reviews_of_year < 10
                then
                    reviews_of_year || case reviews_of_year when 1 then ' review' else ' reviews' end
                    || ' in twelve months, 10 are needed'
            when weight < 5 then 'the reviews are too old to weigh 5 together'
            when handled > 0 then handled || ' handled privately'
        end as reason
    from evidence
),

scored as (
    select
        gated.*,
        versions.version,
        gated.month < versions.replaced_in as is_current,
        case
            when gated.state = 'value'
                then reputation(gated.counts, gated.weights, gated.answered, gated.critical, versions.version)
        end as score
    from gated
    inner join {{ ref('score_versions') }} as versions
        on versions.score = 'reputation' and gated.month between versions.valid_from and versions.replaced_in
)

select
    practice_id,
    site,
    month,
    part,
    version,
    is_current,
    state,
    reason::varchar as reason,
    reviews,
    reviews_of_year,
    weight,
    sites,
    weights,
    counts,
    answered,
    critical,
    handled,
    score['score']::decimal(18, 6) as value,
    score['low']::decimal(18, 6) as low,
    score['high']::decimal(18, 6) as high,
    score['words']::varchar as words,
    score['level']::decimal(18, 6)[] as level_points,
    score['content']::decimal(18, 6)[] as content_points,
    score['answers']::decimal(18, 6) as answer_points,
    score['out_of']::bigint[] as out_of,
    score['largest_move']::decimal(18, 6) as largest_move
from scored
