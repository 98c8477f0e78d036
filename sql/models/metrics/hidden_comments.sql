{{ config(touched="month >= {from}") }}
-- one row per practice, month and part: comments of others below the practice's own posts of 90 days that were seen to
-- be 'hidden' for the first time in the month, 'hidden spam' apart, and those that have 'vanished' in it
with comments as (
    select
        practice_id,
        month,
        source,
        site,
        count(*) as comments,
        count(*) filter (hidden_on >= month and hidden_on < next_month and not is_spam) as hidden,
        count(*) filter (hidden_on >= month and hidden_on < next_month and is_spam) as hidden_spam,
        count(*) filter (not stands) as vanished
    from {{ ref('talk') }}
    where in_window and kind = 'comment' and below_own_post and is_outside
    group by practice_id, month, source, site
),

totals as (
    select
        talk_sites.practice_id,
        talk_sites.month,
        bool_or(practice_sites.tells_hidden) as tells_hidden,
        sum(comments.comments) as comments,
        sum(comments.comments) filter (practice_sites.tells_hidden) as told,
        sum(comments.hidden) filter (practice_sites.tells_hidden) as hidden,
        sum(comments.hidden_spam) filter (practice_sites.tells_hidden) as hidden_spam,
        sum(comments.vanished) as vanished
    from {{ ref('talk_sites') }} as talk_sites
    inner join {{ ref('practice_sites') }} as practice_sites
        on talk_sites.practice_id = practice_sites.practice_id and talk_sites.site = practice_sites.site
    left join comments
        on
            {{ same_place('practice_sites', 'comments') }}
            and talk_sites.month = comments.month
    where talk_sites.not_covered_why is null
    group by talk_sites.practice_id, talk_sites.month
),

parts as (
    select
        months.practice_id,
        '' as site,
        months.month,
        months.talk_not_covered_why,
        months.talk_left_out,
        unnest([
            struct_pack(
                part := 'hidden', number := totals.hidden, of_all := totals.told, is_told := totals.tells_hidden
            ),
            struct_pack(
                part := 'hidden spam',
                number := totals.hidden_spam,
                of_all := totals.told,
                is_told := totals.tells_hidden
            ),
            struct_pack(part := 'vanished', number := totals.vanished, of_all := totals.comments, is_told := true)
        ]) as told
    from {{ ref('practice_months') }} as months
    left join totals on months.practice_id = totals.practice_id and months.month = totals.month
),

counts as (
    select
        practice_id,
        site,
        month,
        told['part'] as part,
        coalesce(told['number'], 0) as number,
        coalesce(told['of_all'], 0) as sample_size,
        coalesce(
            talk_not_covered_why,
            case when not told['is_told'] then 'the platforms do not say what is hidden' end,
            talk_left_out
        ) as not_measured_why
    from parts
)

{{ count_figures('counts') }}
