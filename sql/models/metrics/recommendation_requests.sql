{{ config(touched="month >= {from}") }}
-- one row per practice, month and part: threads of communities in which people asked for a recommendation and the
-- practice is named, by who named it first ('others', 'team', 'practice', or only the 'asker'), and those 'answered' by
-- the practice or its team
with said as (
    select
        practice_id,
        month,
        source,
        site,
        thread,
        person,
        -- The post comes first whatever its clock says.
        row(kind <> 'post', created_local, item_id) as place_in_thread,
        asks_recommendation,
        is_voice,
        is_voice and coalesce(asks_recommendation, false) as is_request,
        case
            when voice = 'practice' then 'practice'
            when matched is null and not names_account then null
            when voice = 'team' then 'team'
            else 'others'
        end as named_by,
        voice in ('practice', 'team') and not discloses as is_answer
    from {{ ref('talk') }}
    where
        in_window
        and stands
        and place is not null
        and kind <> 'share'
        and not (is_mute or is_spam)
),

requests as (
    select
        practice_id,
        month,
        source,
        site,
        thread,
        min(place_in_thread) as asked_at,
        arg_min(person, place_in_thread) as asker
    from said
    where is_request
    group by practice_id, month, source, site, thread
),

followed as (
    select
        said.practice_id,
        said.month,
        said.source,
        said.site,
        said.thread,
        said.place_in_thread,
        said.is_answer,
        said.named_by,
        said.place_in_thread = requests.asked_at or coalesce(said.person = requests.asker, false) as is_asker
    from said
    inner join requests
        on
            said.practice_id = requests.practice_id
            and said.month = requests.month
            and said.source = requests.source
            and said.site = requests.site
            and said.thread = requests.thread
            and said.place_in_thread >= requests.asked_at
),

threads as (
    select
        practice_id,
        month,
        coalesce(
            arg_min(named_by, place_in_thread) filter (named_by is not null and not is_asker), 'asker'
        ) as named_by,
        bool_or(is_answer) as is_answered
    from followed
    group by practice_id, month, source, site, thread
    having count(named_by) > 0
),

counted as (
    select
        practice_id,
        month,
        count(*) as threads,
        count(*) filter (named_by = 'others') as others,
        count(*) filter (named_by = 'team') as team,
        count(*) filter (named_by = 'practice') as practice,
        count(*) filter (named_by = 'asker') as asker,
        count(*) filter (is_answered) as answered
    from threads
    group by practice_id, month
),

heard as (
    select
        practice_id,
        month,
        count(asks_recommendation) as asked
    from said
    where is_voice
    group by practice_id, month
),

counts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        unnest(['others', 'team', 'practice', 'asker', 'answered']) as part,
        unnest([
            coalesce(counted.others, 0), coalesce(counted.team, 0), coalesce(counted.practice, 0),
            coalesce(counted.asker, 0), coalesce(counted.answered, 0)
        ]) as number,
        coalesce(counted.threads, 0) as sample_size,
        case
            when months.talk_not_covered_why is not null then months.talk_not_covered_why
            when heard.asked is null then 'no community is read, or nothing was said there'
            when heard.asked = 0 then 'what was said in communities was not looked at for this'
            else months.talk_left_out
        end as not_measured_why
    from {{ ref('practice_months') }} as months
    left join counted on months.practice_id = counted.practice_id and months.month = counted.month
    left join heard on months.practice_id = heard.practice_id and months.month = heard.month
)

{{ count_figures('counts') }}
