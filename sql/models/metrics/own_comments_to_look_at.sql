{{ config(touched="month >= {from}", reads={"items": "created_local >= {from} - interval 5 month"}) }}
-- one row per practice, month and severity (part 'critical', 'high' or 'caution')
with totals as (
    select
        talk.practice_id,
        talk.month,
        count(*) as comments,
        count(*) filter (coalesce(items.disclosure, 'not_checked') <> 'not_checked') as checked,
        count(*) filter (items.disclosure = 'pattern' and items.disclosure_severity = 'critical') as critical,
        count(*) filter (items.disclosure = 'pattern' and items.disclosure_severity = 'high') as high,
        count(*) filter (items.disclosure = 'pattern' and items.disclosure_severity = 'caution') as caution
    from {{ standing_talk() }}
    where talk.kind = 'comment' and talk.voice = 'practice' and not talk.is_mute
    group by talk.practice_id, talk.month
),

counts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        unnest(['critical', 'high', 'caution']) as part,
        unnest([coalesce(totals.critical, 0), coalesce(totals.high, 0), coalesce(totals.caution, 0)]) as number,
        coalesce(totals.checked, 0) as sample_size,
        coalesce(
            months.talk_not_covered_why,
            case when totals.comments > 0 and totals.checked = 0 then 'no comment in a language that is checked' end,
            months.talk_left_out
        ) as not_measured_why
    from {{ ref('practice_months') }} as months
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
)

{{ count_figures('counts') }}
