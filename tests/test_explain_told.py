"""What `explain` makes of a warehouse of a few rows, line by line: nothing of another site, practice, month or kind."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from pipelines.explain import Explanation, explain, how_sure
from pipelines.landing import DataDir
from pipelines.statistics import newcombe, probability_of_decline

OCTOBER = dt.date(2026, 10, 1)
_WAREHOUSE = """
create schema core;
create schema staging;
create schema reports;
create table reports.build_info as select '2026-11-03'::date as as_of_night, 'abc' as inputs_id;
create table reports.catalogue as
select metric, title, unit, 'd' as definition, 's' as source, 'w' as weakness, '1' as score_version, rows_from, rows
from (values
    ('mean_stars', 'Stars', 'stars', 'reviews', 'month = month_start'),
    ('low_share', 'Low', 'share', 'reviews', 'month = month_start'),
    ('reputation_score', 'Score', 'points', 'reviews', 'false'),
    ('reputation_score_combined', 'Score of all', 'points', 'reviews', 'false'),
    ('engagement_score', 'Talk', 'points', 'talk', 'month = month_start'),
    ('share_of_voice', 'Named', 'share', 'named_practices', 'month = month_start')
) as t (metric, title, unit, rows_from, rows);
create table reports.metric_sql as select metric, 'select 1' as sql from reports.catalogue;
create table reports.figures as
select 'p' as practice_id, '2026-10-01'::date as month, t.* replace (value::decimal(18, 2) as value)
from (values
    ('mean_stars', 'yelp', '', null, null, null, null, 3, 'too_few', null),
    ('mean_stars', 'google', 'without the cluster', 4.5, null, null, 9, 2, 'value', 'read in part'),
    ('mean_stars', 'google', '', 4.0, 3.1, 4.6, 8, 2, 'value', null),
    ('low_share', 'google', '', 0.25, 0.1, 0.5, 3, 12, 'value', null),
    ('low_share', 'yelp', '', null, null, null, null, 0, 'not_measured', 'never read'),
    ('reputation_score', 'google', '', 80.0, 70.0, 90.0, 11, 12, 'value', null),
    ('reputation_score', 'yelp', '', null, null, null, 2, 3, 'too_few', null),
    ('reputation_score_combined', '', '', 80.0, 70.0, 90.0, 11, 12, 'value', null),
    ('engagement_score', '', '', null, null, null, null, 0, 'not_measured', 'never read'),
    ('share_of_voice', '', '', null, null, null, 1, 3, 'too_few', 'beside Pine Dental; searched on Wall, Film')
) as t (metric, site, part, value, low, high, numerator, sample_size, state, reason);
create table core.reviews as
select 's' as source, '2026-10-01'::date as month, 7 as position, null::varchar as state, stars as score_stars, t.*
from (values
    ('p', 'yelp', 'y1', 5, '2026-10-01 08:00'::timestamp, null::date, 'pages/2'),
    ('p', 'google', 'g2', null, '2026-10-09 08:00', '2026-11-02', 'pages/1'),
    ('p', 'google', 'g1', 4, '2026-10-02 08:00', null, 'pages/1'),
    ('q', 'google', 'g1', 1, '2026-10-03 08:00', null, 'pages/9')
) as t (practice_id, site, item_id, stars, created_local, removed_on, page);
create table core.star_spans as
select 's' as source, stars as score_stars, t.*
from (values
    ('p', 'google', 'g1', '0001-01-01'::date, '2026-10-01'::date, 2, null::varchar),
    ('p', 'google', 'g1', '2026-10-01', '2026-12-01', 3, null),
    ('p', 'google', 'g1', '2026-12-01', '9999-12-01', 4, null),
    -- of another practice, and of another site's review of the same id
    ('q', 'google', 'g2', '0001-01-01', '9999-12-01', 1, null),
    ('p', 'yelp', 'g2', '0001-01-01', '9999-12-01', 1, null)
) as t (practice_id, site, item_id, from_month, until_month, stars, state);
create table core.replies as
select 's' as source, t.*
from (values
    ('p', 'google', 'g1', true, '2026-10-05 10:00'::timestamp),
    ('p', 'google', 'g1', true, '2026-10-07 10:00'),
    -- not visible, of another practice, and of another site's review of the same id
    ('p', 'google', 'g2', false, '2026-10-10 10:00'),
    ('q', 'google', 'g2', true, '2026-10-11 10:00'),
    ('p', 'yelp', 'g2', true, '2026-10-12 10:00')
) as t (practice_id, site, parent_id, visible, first_reply_at);
create table core.handled_privately as
select 's' as source, t.*
from (values
    ('p', 'yelp', 'y1', 'review', '2026-10-08'::date),
    ('p', 'google', 'g1', 'comment', '2026-10-09'),
    ('q', 'google', 'g1', 'review', '2026-10-10'),
    ('p', 'yelp', 'g1', 'review', '2026-10-11')
) as t (practice_id, site, item_id, kind, handled_on);
create table core.absences as
select 's' as source, t.*
from (values
    ('p', 'google', 'g2', '2026-11-02'::date, null::date, 1, null::date),
    -- before it came back, of another practice, and of another site's review of the same id
    ('p', 'google', 'g2', '2026-09-02', null, 2, null),
    ('q', 'google', 'g2', '2026-11-02', '2026-11-02', 3, '2026-11-02'),
    ('p', 'yelp', 'g2', '2026-11-02', '2026-11-02', 4, '2026-11-02')
) as t (practice_id, site, item_id, absent_on, announced_on, lists, confirmed_on);
create table core.talk as
select 'p' as practice_id, '2026-10-01'::date as month, 's' as source, 'wall' as site, 7 as position, 'pages/3' as page,
    null::date as removed_on, 'c1' as item_id, t.*
from (values ('comment', 'outside', '2026-10-04 09:00'::timestamp), ('post', 'practice', '2026-10-03 09:00'))
as t (kind, voice, created_local);
create table staging.compared as
from (values ('p', 'practice', 'Oak Dental'), ('p', 'pine dental', 'Pine Dental'), ('q', 'pine dental', 'Other'))
as t (practice_id, named, shown);
create table core.named_practices as
select 's' as source, 7 as position, 'pages/4' as page, t.*
from (values
    ('p', '2026-10-01'::date, 'wall', 'd1', 'practice', '2026-10-04 09:00'::timestamp),
    ('p', '2026-10-01', 'wall', 'd1', 'pine dental', '2026-10-04 09:00'),
    ('p', '2026-10-01', 'film', 'd2', 'pine dental', '2026-09-04 09:00'),
    ('p', '2026-09-01', 'wall', 'd3', 'pine dental', '2026-09-04 09:00'),
    ('q', '2026-10-01', 'wall', 'd4', 'pine dental', '2026-10-04 09:00')
) as t (practice_id, month, site, item_id, named, created_local);
create table core.calls as
select 'p' as practice_id, '2026-10-01'::date as month, 's' as source, 'wall' as site, 'comment' as kind,
    'c1' as item_id, 'in time' as outcome;
create table reports.score_parts as
select 'p' as practice_id, '2026-10-01'::date as month, t.* replace (
    out_of::decimal(18, 6) as out_of, inputs::decimal(18, 6)[] as inputs
)
from (values
    ('reputation_score', 'google', 'stars', 'google', 50.5, 60, [1, 0, 0, 2.5, 9], 0, '2', true),
    ('reputation_score', 'google', 'answers', '', 15.0, 20, [3, 4], 2, '2', true),
    ('reputation_score', 'google', 'answers', '', 14.0, 20, [3, 4], 0, '1', false),
    ('reputation_score', 'yelp', 'stars', 'yelp', null, 60, [1, 0, 0, 0, 0], 0, '2', true),
    ('reputation_score_combined', '', 'stars', 'google', 50.5, 60, [1, 0, 0, 2.5, 9], 0, '2', true),
    ('reputation_score_combined', '', 'answers', '', 15.0, 20, [3, 4], 0, '2', true)
) as t (score, site, part, of_site, points, out_of, inputs, handled, version, is_current);
create table reports.engagement_parts as
select 'p' as practice_id, '2026-10-01'::date as month, t.* replace ("of"::decimal(18, 6) as "of")
from (values
    ('E1', 3, 4, 20.5, 25, null, 2, '2', true), ('E1', 3, 4, 19.5, 25, null, 0, '1', false),
    ('E2', 0, 0, 10.0, 20, 'nobody known', 1, '2', true)
) as t (part, s, n, points, "of", why, handled, version, is_current);
create table reports.verdicts as
select 'p' as practice_id, '2026-10-01'::date as month, '' as part, t.* replace (
    previous_value::decimal(18, 2) as previous_value, this_value::decimal(18, 2) as this_value
)
from (values
    ('mean_stars', 'google', 3, 4.5, 4.0, 10, 2, 'too_few'),
    ('mean_stars', 'google', 12, 4.5, 4.0, 10, 2, 'no_clear_change'),
    ('mean_stars', 'google', 1, null, null, 0, 2, 'first_month'),
    ('low_share', 'google', 1, 0.5, 0.25, 10, 12, 'fell')
) as t (metric, site, months, previous_value, this_value, previous_size, this_size, verdict);
create table core.month_stars as
select 'p' as practice_id, t.* replace (not_covered_why::varchar as not_covered_why), list_sum(star_counts) as rated
from (values
    ('google', '2025-10-01'::date, null, [0, 0, 0, 0, 8]),
    ('google', '2026-09-01', null, [1, 0, 0, 0, 9]), ('google', '2026-10-01', null, [0, 0, 1, 0, 9]),
    ('yelp', '2026-09-01', null, [4, 0, 0, 0, 4]), ('yelp', '2026-10-01', null, [1, 0, 0, 0, 1]),
    -- may not be combined
    ('survey', '2026-09-01', null, [0, 0, 9, 0, 0]), ('survey', '2026-10-01', null, [9, 0, 0, 0, 0])
) as t (site, month, not_covered_why, star_counts);
create table core.site_weights as
select 'p' as practice_id, t.*
from (values ('google', '2026-01-01'::date, 0.5), ('yelp', '2026-01-01', 0.5), ('google', '2025-01-01', 1))
as t (site, year, weight);
create table core.site_months as
select 'p' as practice_id, 'google' as site, '2026-10-01'::date as month;
"""


@pytest.fixture
def told(data: DataDir) -> DataDir:
    data.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(data.warehouse)) as connection:
        connection.execute(_WAREHOUSE)
    return data


def lines(found: Explanation, title: str) -> list[str]:
    """Return the lines below a title, up to the next empty one."""
    told = found.lines()
    after = told[told.index(title) + 1 :]
    return after[: after.index("")] if "" in after else after


def test_figures_stand_by_site_and_part_with_their_state(told: DataDir) -> None:
    assert explain(told, "p", OCTOBER, "mean_stars").lines()[5:9] == [
        "",
        "  google: 4.00 stars, 95% from 3.1 to 4.6, n = 2",
        "  google, without the cluster: 4.50 stars, n = 2 (read in part)",
        "  yelp: too few to say, n = 3",
    ]
    assert explain(told, "p", OCTOBER, "low_share").lines()[6:8] == [
        "  google: 0.25 share, 95% from 0.1 to 0.5, 3 of 12",
        "  yelp: not measured (never read)",
    ]
    # What is of all sites is told of one of them, too.
    assert explain(told, "p", OCTOBER, "reputation_score_combined", "google").figures


def test_reviews_stand_by_site_and_day_with_their_own_answer_and_mark_alone(told: DataDir) -> None:
    found = explain(told, "p", OCTOBER, "mean_stars")
    assert lines(found, "3 reviews behind it:") == [
        # Of the stars before, of October and since, those of October were counted.
        "  2026-10-02 08:00  google  3 stars  g1  answered 2026-10-05 10:00 UTC  pages/1#7",
        "  2026-10-09 08:00  google  no stars  g2  gone since 2026-11-02, missing from 1 complete list, "
        "not confirmed yet, by whom is not known  pages/1#7",
        "  2026-10-01 08:00  yelp  5 stars  y1  handled privately 2026-10-08  pages/2#7",
    ]
    assert lines(found, "2 pages, as the sites sent them:") == ["  pages/1", "  pages/2"]
    assert set(found.told) == {"title", "unit", "definition", "source", "weakness", "score_version"}


def test_how_sure_it_is_that_a_review_is_gone_is_said() -> None:
    night = dt.date(2026, 11, 2)
    listed = {"announced_on": None, "lists_without": 3, "confirmed_on": night}
    assert how_sure(listed) == ", missing from 3 complete lists, confirmed, by whom is not known"
    said = {"announced_on": night, "lists_without": 0, "confirmed_on": night}
    assert how_sure(said) == ", announced by the site on 2026-11-02, missing from 0 complete lists"
    assert how_sure({"kind": "comment", "removed_on": night}) == ""


def test_talk_stands_by_day_with_what_became_of_a_call(told: DataDir) -> None:
    assert lines(explain(told, "p", OCTOBER, "engagement_score"), "2 posts, comments and shares behind it:") == [
        "  2026-10-03 09:00  wall  post, practice  c1  pages/3#7",
        "  2026-10-04 09:00  wall  comment, outside, in time  c1  pages/3#7",
    ]


def test_names_stand_with_the_list_and_the_platforms_that_were_searched(told: DataDir) -> None:
    found = explain(told, "p", OCTOBER, "share_of_voice")
    assert found.lines()[6] == "  all sites: too few to say, 1 of 3 (beside Pine Dental; searched on Wall, Film)"
    assert lines(found, "3 names in posts behind it:") == [
        "  2026-09-04 09:00  film  names Pine Dental  d2  pages/4#7",
        "  2026-10-04 09:00  wall  names Pine Dental  d1  pages/4#7",
        "  2026-10-04 09:00  wall  names Oak Dental  d1  pages/4#7",
    ]
    assert [row["item_id"] for row in explain(told, "p", OCTOBER, "share_of_voice", "film").rows] == ["d2"]


def test_the_parts_of_a_score_stand_by_site_version_and_part(told: DataDir) -> None:
    made = "What it is made of:"
    assert lines(explain(told, "p", OCTOBER, "reputation_score"), made) == [
        "  google, answers: 15.0 of 20 points, from 3 of 4 (2 handled privately)",
        "  google, stars: 50.5 of 60 points, from 1, 0, 0, 2.5, 9",
        "  google, answers, version 1: 14.0 of 20 points, from 3 of 4",
        "  yelp, stars: no points",
    ]
    assert len(explain(told, "p", OCTOBER, "reputation_score", "yelp").parts) == 1
    for site in (None, "google"):
        assert lines(explain(told, "p", OCTOBER, "reputation_score_combined", site), made) == [
            "  all sites, answers: 15.0 of 20 points, from 3 of 4",
            "  all sites, stars on google: 50.5 of 60 points, from 1, 0, 0, 2.5, 9",
        ]
    assert lines(explain(told, "p", OCTOBER, "engagement_score"), made) == [
        "  all sites, E1: 20.5 of 25 points, from 3 of 4 (2 handled privately)",
        "  all sites, E2: 10.0 of 20 points, from 0 of 0 (nobody known)",
        "  all sites, E1, version 1: 19.5 of 25 points, from 3 of 4",
    ]


def test_a_month_is_compared_with_its_own_windows(told: DataDir) -> None:
    first, second, third = lines(explain(told, "p", OCTOBER, "mean_stars"), "Compared:")
    assert first == "  google, beside the month before: first month"
    for line, months, verdict, before, now in (
        (second, "three months", "too few", [0, 0, 0, 0, 0], [1, 0, 1, 0, 18]),
        (third, "same month", "no clear change", [0, 0, 0, 0, 8], [0, 0, 1, 0, 9]),
    ):
        assert months in line
        chance = probability_of_decline(before, now)
        assert line.endswith(f": {verdict}, 4.50 to 4.00, fell with a probability of {chance:.4f}")
    low, high = newcombe(5, 10, 3, 12)
    assert lines(explain(told, "p", OCTOBER, "low_share"), "Compared:") == [
        f"  google, beside the month before: fell, 0.50 to 0.25, a difference of 95% from {low:+.6f} to {high:+.6f}"
    ]
    assert explain(told, "p", OCTOBER, "low_share", "yelp").compared == []


def test_a_mix_is_split_only_of_sites_that_were_read_and_may_be_combined(told: DataDir) -> None:
    mix = explain(told, "p", OCTOBER, "mean_stars").mix
    assert mix is not None
    assert mix["sites"] == ["google", "yelp"]
    assert mix["rates"] + mix["mix"] == pytest.approx((48 + 6) / 12 - (46 + 24) / 18)
    assert explain(told, "p", OCTOBER, "mean_stars", "google").mix is None
    with duckdb.connect(str(told.warehouse)) as connection:
        connection.execute("create table kept as from core.month_stars")
        connection.execute("delete from core.month_stars where site = 'yelp'")
    assert explain(told, "p", OCTOBER, "mean_stars").mix is None
    with duckdb.connect(str(told.warehouse)) as connection:
        connection.execute("create or replace table core.month_stars as from kept")
        connection.execute("update core.month_stars set not_covered_why = 'never read' where month = '2026-09-01'")
    assert explain(told, "p", OCTOBER, "mean_stars").mix is None
