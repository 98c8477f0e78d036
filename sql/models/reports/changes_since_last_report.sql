{{ config(touched="month >= {from}", reads={"reviews": "true", "replies": "true"}) }}
-- one row per practice, source and review site, month, and kind of change in what its last report was made of
with answers as (
    select
        replies.source,
        replies.site,
        replies.practice_id,
        replies.item_id,
        replies.parent_id,
        replies.first_visible_on,
        replies.removed_on,
        reviews.month
    from {{ ref('replies') }} as replies
    inner join {{ ref('reviews') }} as reviews
        on
            replies.source = reviews.source
            and replies.site = reviews.site
            and replies.practice_id = reviews.practice_id
            and replies.parent_id = reviews.item_id
    where replies.first_visible_on is not null
),

-- What a night found to be otherwise: how it was, from which night on we knew it so, and how it is since.
findings as (
    select
        'came late' as change,
        source,
        site,
        practice_id,
        item_id,
        first_seen as night,
        null::date as known_from,
        null::date as holds_until,
        month as written_in,
        '' as was,
        'here' as now
    from {{ ref('reviews') }}
    union all
    select
        'vanished' as change,
        absences.source,
        absences.site,
        absences.practice_id,
        absences.item_id,
        absences.absent_on as night,
        reviews.first_seen as known_from,
        absences.back_on as holds_until,
        null::date as written_in,
        'here' as was,
        '' as now
    from {{ ref('absences') }} as absences
    inner join {{ ref('reviews') }} as reviews
        on
            absences.source = reviews.source
            and absences.site = reviews.site
            and absences.practice_id = reviews.practice_id
            and absences.item_id = reviews.item_id
    union all
    select
        'came back' as change,
        source,
        site,
        practice_id,
        item_id,
        back_on as night,
        absent_on as known_from,
        null::date as holds_until,
        null::date as written_in,
        '' as was,
        'here' as now
    from {{ ref('absences') }}
    where back_on is not null
    union all
    select
        'other stars' as change,
        edits.source,
        edits.site,
        edits.practice_id,
        edits.item_id,
        edits.night,
        reviews.first_seen as known_from,
        null::date as holds_until,
        null::date as written_in,
        -- Some sites have a recommendation in the place of stars.
        coalesce(edits.stars_before::varchar, edits.state_before, '') as was,
        coalesce(edits.stars::varchar, edits.state, '') as now
    from {{ ref('edits') }} as edits
    inner join {{ ref('reviews') }} as reviews
        on
            edits.source = reviews.source
            and edits.site = reviews.site
            and edits.practice_id = reviews.practice_id
            and edits.item_id = reviews.item_id
            and edits.kind = 'review'
    union all
    select
        'other words' as change,
        edits.source,
        edits.site,
        edits.practice_id,
        edits.item_id,
        edits.night,
        reviews.first_seen as known_from,
        null::date as holds_until,
        null::date as written_in,
        coalesce(edits.text_key_before, '') as was,
        coalesce(edits.text_key, '') as now
    from {{ ref('edits') }} as edits
    inner join {{ ref('reviews') }} as reviews
        on
            edits.source = reviews.source
            and edits.site = reviews.site
            and edits.practice_id = reviews.practice_id
            and edits.item_id = reviews.item_id
            and edits.kind = 'review'
    union all
    select
        'answer came' as change,
        source,
        site,
        practice_id,
        parent_id as item_id,
        first_visible_on as night,
        null::date as known_from,
        removed_on as holds_until,
        month as written_in,
        '' as was,
        'here' as now
    from answers
    union all
    select
        'answer gone' as change,
        source,
        site,
        practice_id,
        parent_id as item_id,
        removed_on as night,
        first_visible_on as known_from,
        null::date as holds_until,
        null::date as written_in,
        'here' as was,
        '' as now
    from answers
    where removed_on is not null
    union all
    select
        'answer rewritten' as change,
        answers.source,
        answers.site,
        answers.practice_id,
        answers.parent_id as item_id,
        edits.night,
        answers.first_visible_on as known_from,
        answers.removed_on as holds_until,
        null::date as written_in,
        coalesce(edits.text_key_before, '') as was,
        coalesce(edits.text_key, '') as now
    from {{ ref('edits') }} as edits
    inner join answers
        on
            edits.source = answers.source
            and edits.site = answers.site
            and edits.practice_id = answers.practice_id
            and edits.item_id = answers.item_id
            and edits.kind = 'reply'
),

-- Several nights of one report are one change, and none where it is again as it was.
news as (
    select
        findings.change,
        findings.source,
        findings.site,
        findings.practice_id,
        findings.item_id,
        nights.month,
        nights.known_on,
        arg_min(findings.was, findings.night) as was,
        arg_max(findings.now, findings.night) as now
    from findings
    inner join {{ ref('report_nights') }} as nights
        on
            findings.source = nights.source
            and findings.site = nights.site
            and findings.practice_id = nights.practice_id
            and nights.month = {{ report_of('findings.night') }}
            -- Found after the last report, of something that it knew, and still so.
            and findings.night > nights.since
            and (findings.known_from is null or findings.known_from <= nights.since)
            and (findings.holds_until is null or findings.holds_until > nights.known_on)
            -- What belongs to this report's own month is its news, and no change of the last one's.
            and (findings.written_in is null or findings.written_in < nights.month)
    group by
        findings.change, findings.source, findings.site, findings.practice_id, findings.item_id, nights.month,
        nights.known_on
    having arg_min(findings.was, findings.night) <> arg_max(findings.now, findings.night)
),

told as (
    select
        news.change,
        news.source,
        news.site,
        news.practice_id,
        news.month,
        count(*) as number,
        list(reviews.item_id order by reviews.created_local desc, reviews.item_id asc) as item_ids,
        list(reviews.url order by reviews.created_local desc, reviews.item_id asc) as urls,
        list(news.was order by reviews.created_local desc, reviews.item_id asc) filter (
            news.change = 'other stars'
        ) as stars_were,
        list(news.now order by reviews.created_local desc, reviews.item_id asc) filter (
            news.change = 'other stars'
        ) as stars_are,
        -- How sure that is, as it was known then.
        count(*) filter (gone.announced_on <= news.known_on) as announced,
        count(*) filter (gone.confirmed_on <= news.known_on) as confirmed
    from news
    inner join {{ ref('reviews') }} as reviews
        on
            news.source = reviews.source
            and news.site = reviews.site
            and news.practice_id = reviews.practice_id
            and news.item_id = reviews.item_id
    -- Of a review that is gone it is told that it is gone.
    anti join {{ ref('absences') }} as absences
        on
            news.source = absences.source
            and news.site = absences.site
            and news.practice_id = absences.practice_id
            and news.item_id = absences.item_id
            -- Comparisons of both sides alone, because anything else would make each be compared with every absence.
            and case when news.change <> 'vanished' then news.known_on end >= absences.absent_on
            and news.known_on < coalesce(absences.back_on, 'infinity'::date)
    -- The absence that lasts.
    asof left join {{ ref('absences') }} as gone
        on
            news.source = gone.source
            and news.site = gone.site
            and news.practice_id = gone.practice_id
            and news.item_id = gone.item_id
            and news.known_on >= gone.absent_on
    group by news.change, news.source, news.site, news.practice_id, news.month
),

kinds as (
    select
        *,
        unnest(
            [
                'came late', 'vanished', 'came back', 'other stars', 'other words', 'answer came', 'answer gone',
                'answer rewritten'
            ]
        ) as change
    from {{ ref('report_nights') }}
),

states as (
    select
        kinds.practice_id,
        kinds.source,
        kinds.site,
        kinds.month,
        kinds.change,
        kinds.since,
        kinds.known_on,
        coalesce(told.number, 0) as number,
        told.item_ids,
        told.urls,
        told.stars_were,
        told.stars_are,
        case when kinds.change = 'vanished' then told.announced end as announced,
        case when kinds.change = 'vanished' then told.confirmed end as confirmed,
        coalesce(
            kinds.not_known_why,
            case
                when kinds.change like 'answer%' and not kinds.can_reply then 'replies cannot be read on this site'
                when kinds.change in ('vanished', 'answer gone') and not kinds.was_listed_since
                    then 'no complete list since the last report'
            end
        ) as not_measured_why
    from kinds
    left join told
        on
            kinds.practice_id = told.practice_id
            and kinds.source = told.source
            and kinds.site = told.site
            and kinds.month = told.month
            and kinds.change = told.change
)

select
    practice_id,
    source,
    site,
    month,
    change,
    since,
    known_on,
    case when number > 0 or not_measured_why is null then number end::bigint as number,
    -- The reviews concerned, newest first, and in step with them their links and, where these changed, their stars.
    item_ids,
    urls,
    stars_were,
    stars_are,
    -- Of those that vanished: of how many the platform itself says so, and how many are confirmed, these among them.
    announced,
    confirmed,
    case when number > 0 then 'value' when not_measured_why is null then 'zero' else 'not_measured' end as state,
    not_measured_why as reason
from states
