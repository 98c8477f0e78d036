"""Every figure of conversation against a slow account in plain Python, on generated practices, and the score's laws."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines import build as building
from pipelines import engagement as quality
from pipelines import scores as scores_of_reviews
from pipelines.errors import UnknownName
from pipelines.explain import explain
from pipelines.landing import DataDir
from pipelines.periods import add_months
from pipelines.policies import Policy
from pipelines.practices import HandledPrivately, Practice, Practices
from pipelines.scores import Version
from pipelines.sources import Metric, Source
from pipelines.warehouse import open_warehouse, rows
from tests.conftest import opened_once
from tests.conversations import DAY, PLATFORMS, WALL, Inputs, Said, Talk, rows_of, talk_of
from tests.histories import Row, built_at, seeded_history, write_night
from tests.replay import checks, compiled, replayed
from tests.sql.talk_account import (
    HELPFUL,
    METRICS,
    SCORED_BEFORE,
    WITHOUT_WORDS,
    Key,
    Month,
    TalkAccount,
    differing,
    midnight,
    of_all,
    two_business_days_after,
)

AS_OF = dt.date(2026, 11, 9)
Models = tuple[tuple[str, str, str], ...]
# What is said of the reviews of all sites together has an account of its own, in test_figures, and so has what searches
# for names find, in test_share_of_voice.
_FIGURES = """
select * from reports.figures
where site = '' and metric not in ('reputation_score_combined', 'effective_sites', 'share_of_voice')
"""
_OWN_COMMENTS = """
select practice_id, site, item_id, month, written_on, severity, url, stands from reports.worth_a_look
where kind = 'comment' and severity is not null order by practice_id, site, item_id
"""
_PARTS = "select * from reports.engagement_parts order by all"
_SCORES = "select * exclude (practice_id) from reports.figures where metric = 'engagement_score' and practice_id = ?"
_PARTS_OF = "select * exclude (practice_id) from reports.engagement_parts where practice_id = ? order by all"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    data, _ = built_at(tmp_path_factory.getbasetemp(), None)
    wanted = ("figures", "engagement_parts", "engagement_summary", "communities", "vanity", "verdicts", "worth_a_look")
    return compiled(data, wanted)


def _own_comments(inputs: Inputs) -> list[Row]:
    accounts = [TalkAccount(inputs, practice["practice_id"]) for practice in inputs["practices"]]
    told = [row for account in accounts for row in account.unsafe_comments()]
    return sorted(told, key=lambda row: (row["practice_id"], row["site"], row["item_id"]))


def figures(connection: Any) -> dict[Key, Row]:
    return {
        (row["practice_id"], row["site"], row["month"], row["metric"], row["part"]): row
        for row in rows(connection, _FIGURES)
    }


def scores(models: Models, talks: Sequence[Talk], inputs: Inputs | None = None) -> list[list[Row]]:
    """Return, for each practice, its scores and their parts in all months."""
    with replayed(models, inputs or rows_of(list(talks), AS_OF)) as connection:
        return [
            rows(connection, f"{_SCORES} order by all", [talk.practice_id])
            + rows(connection, _PARTS_OF, [talk.practice_id])
            for talk in talks
        ]


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.integers(0, 250))
def test_every_figure_is_what_the_slow_account_says(models: Models, seed: int, days: int) -> None:
    inputs = rows_of([talk_of(seed + number, f"p{number}") for number in range(4)], AS_OF - 100 * DAY + days * DAY)
    with replayed(models, inputs) as connection:
        assert differing(figures(connection), of_all(inputs)) == []
        assert rows(connection, _OWN_COMMENTS) == _own_comments(inputs)


def test_the_generated_practices_are_worth_an_account(models: Models) -> None:
    """They must reach every state of every metric that it can have, or the comparison shows little."""
    # Of the last, communities speak so often that they have a share.
    talks = [*(talk_of(number, f"p{number}") for number in range(40)), talk_of(46, "crowded", busy=110)]
    inputs = rows_of(talks, AS_OF)
    with replayed(models, inputs) as connection:
        found = figures(connection)
        calls = Counter(row["outcome"] for row in rows(connection, "select outcome from core.calls"))
        reasons = {row["why"] for row in rows(connection, _PARTS)}
        firmness = {row["firmness"] for row in rows(connection, "select firmness from reports.engagement_summary")}
        listed = rows(connection, _OWN_COMMENTS)
    assert differing(found, of_all(inputs)) == []
    assert listed == _own_comments(inputs)
    assert len({(row["stands"], row["url"] is None) for row in listed}) == 4
    states = Counter((key[3], figure["state"]) for key, figure in found.items())
    why = {figure["reason"] for key, figure in found.items() if key[3] == "review_invitations"}
    assert {SCORED_BEFORE, WITHOUT_WORDS} <= why
    for metric in {key[3] for key in found}:
        assert states[metric, "not_measured"], metric
        assert states[metric, "value"], metric
    for metric in (
        "post_mix",
        "organisations_exchanged",
        "repeat_advocates",
        "hidden_comments",
        "community_mentions",
        "review_invitations",
        "recommendation_requests",
        "broadcast_only_posts",
        "own_comments_to_look_at",
    ):
        assert states[metric, "zero"]
    assert states["engagement_score", "too_few"]
    outcomes = ("in time", "late", "pending", "unanswered", "handled privately")
    assert min(calls[outcome] for outcome in outcomes) >= 5
    assert {
        "the platforms do not say who speaks",
        "the 90 days before are not known",
        "answers cannot be read on these platforms",
        "no post could be coded",
    } <= reasons
    assert {"rough", None} <= firmness


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_numbers_of_likes_and_followers_leave_the_score_as_it_is(models: Models, seed: int) -> None:
    talk = talk_of(seed, "times-1", busy=30)
    variants = [talk]
    for times in (0, 10, 1000):
        other = talk.named(f"times-{times}")
        other.numbers = [replace(n, start=n.start * times, growth=n.growth * times) for n in other.numbers]
        variants.append(other)
    with replayed(models, rows_of(variants, AS_OF)) as connection:
        found = [
            rows(connection, f"{_SCORES} order by all", [v.practice_id]) + rows(connection, _PARTS_OF, [v.practice_id])
            for v in variants
        ]
        vanity = [
            row["value"]
            for row in rows(
                connection,
                "select sum(value)::bigint as value from reports.vanity group by practice_id order by practice_id",
            )
        ]
    assume(any(row.get("state") == "value" for row in found[0]))
    assert found[1:] == found[:1] * 3
    assume(len(vanity) == len(variants))
    # They are in the appendix, so it did matter what they were: times 0, 1, 10 and 1000.
    assert vanity == [0, vanity[1], vanity[1] * 10, vanity[1] * 1000]
    assert vanity[1]


def test_verdicts_on_a_conversation_are_what_the_slow_account_says(models: Models) -> None:
    inputs = rows_of([talk_of(number, f"p{number}", busy=40) for number in range(30)], AS_OF)
    with replayed(models, inputs) as connection:
        found = rows(connection, "select * from reports.verdicts")
    expected = {
        (practice["practice_id"], month): _compared(TalkAccount(inputs, practice["practice_id"]), month)
        for practice in inputs["practices"]
        for month in _months(TalkAccount(inputs, practice["practice_id"]))
    }
    for family in expected.values():
        tested = [row for row in family.values() if row["verdict"] is None]
        after = stats.false_discovery_control([row["p"] for row in tested]) if tested else []
        for row, adjusted in zip(tested, after, strict=True):
            change = row["change"]
            clear = row["p"] < 0.05 and adjusted <= 0.10 and abs(change) >= Fraction(15, 100)
            row["verdict"] = ("rose" if change > 0 else "fell") if clear else "no_clear_change"
    told = {(row["practice_id"], row["month"], row["metric"], row["months"]): row["verdict"] for row in found}
    assert {row["site"] for row in found} == {""}
    assert told == {(*key, *of): row["verdict"] for key, family in expected.items() for of, row in family.items()}
    for row in found:
        p = expected[row["practice_id"], row["month"]][row["metric"], row["months"]].get("p")
        assert (row["p_value"] is None) == (p is None)
        assert p is None or float(row["p_value"]) == pytest.approx(p, abs=1e-6)
    for months in (1, 3):
        spoken = {verdict for key, verdict in told.items() if key[3] == months}
        assert {"no_clear_change", "too_few", "not_measured"} <= spoken, months
    assert {"first_month", "too_early", "rose", "fell"} <= set(told.values())


def _months(account: TalkAccount) -> list[dt.date]:
    return sorted({month for site in account.sites() for month in account.months(site)})


def _compared(account: TalkAccount, month: dt.date) -> dict[tuple[str, int], Row]:
    """Each share of a month, and each of its 90 days, beside the one before: a verdict, or what a verdict hangs on."""
    compared: dict[tuple[str, int], Row] = {}
    for back in (1, 3):
        now, before = _shares(account, month, back), _shares(account, add_months(month, -back), back)
        for metric, (k, n, unknown, sites) in now.items():
            row: Row = {"verdict": None}
            compared[metric, back] = row
            if add_months(month, -back) < _months(account)[0]:
                row["verdict"] = "first_month" if back == 1 else "too_early"
                continue
            k_before, n_before, unknown_before, sites_before = before[metric]
            if unknown or unknown_before or sites != sites_before:
                row["verdict"] = "not_measured"
            elif min(n, n_before) < 5:
                row["verdict"] = "too_few"
            else:
                row["p"] = float(stats.fisher_exact([[k_before, n_before - k_before], [k, n - k]]).pvalue)
                row["change"] = Fraction(k, n) - Fraction(k_before, n_before)
    return compared


def _shares(account: TalkAccount, first: dt.date, months: int) -> dict[str, tuple[int, int, str | None, list[str]]]:
    month = Month(account, first)
    parts = month.parts()
    if months == 3:
        return {METRICS[part]: (k, n, why, month.sites) for part, (k, n, _, why) in parts.items()}
    start = midnight(first)
    calls = [call for call in month.calls() if call[0]["created_local"] >= start]
    due = [(answered, two_business_days_after(item["created_local"])) for item, answered, _ in calls]
    due = [(answered, until) for answered, until in due if answered is not None or until <= month.cutoff]
    posts = [post["content_type"] for post in month.posts() if post["created_local"] >= start and post["content_type"]]
    return {
        "answered_share": (
            sum(answered is not None and answered <= until for answered, until in due),
            len(due),
            parts["E1"][3],
            month.sites,
        ),
        "helpful_mix_share": (sum(kind in HELPFUL for kind in posts), len(posts), parts["E5"][3], month.sites),
    }


def _own_posts(talk: Talk) -> list[Said]:
    """Posts of the wall below which anything can be said: they stand, and are nobody's contest."""
    return [
        said
        for said in talk.said
        if said.kind == "post"
        and said.voice == "practice"
        and said.platform is WALL
        and said.gone_on is None
        and not said.more["acts"]
    ]


def _below(post: Said, at: dt.datetime, number: int, author: str, voice: str = "outside", **more: Any) -> Said:
    return Said(WALL, "comment", f"{post.item_id}/x{number}", at, author, voice, post.item_id, post.item_id, more)


def _emoji(talk: Talk, post: Said, at: dt.datetime, old: Said) -> Said:
    return _below(post, at, 1, "somebody new", emoji_only=True)


def _emoji_of_a_regular(talk: Talk, post: Said, at: dt.datetime, old: Said) -> Said:
    return _below(post, at, 1, old.author, emoji_only=True)


def _contest(talk: Talk, post: Said, at: dt.datetime, old: Said) -> Said:
    return _below(post, at, 1, "somebody new", acts=["contest", "substantive", "advocacy"])


def _spam(talk: Talk, post: Said, at: dt.datetime, old: Said) -> Said:
    return _below(post, at, 1, "somebody new", acts=["spam", "question", "substantive"])


def _staff(talk: Talk, post: Said, at: dt.datetime, old: Said) -> Said:
    return _below(post, at, 1, "team-member", "team", acts=["substantive", "advocacy", "question"])


def _duplicate(talk: Talk, post: Said, at: dt.datetime, old: Said) -> Said:
    more = old.more | {"text_key": old.more.get("text_key") or f"words of {old.item_id}"}
    return replace(old, item_id=f"{old.item_id}/copy", at=old.at + dt.timedelta(seconds=1), more=more)


WORTHLESS: list[Callable[[Talk, Said, dt.datetime, Said], Said]] = [
    _emoji,
    _emoji_of_a_regular,
    _contest,
    _spam,
    _staff,
    _duplicate,
]


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_what_is_worth_nothing_leaves_the_score_as_it_is(models: Models, seed: int) -> None:
    talk = talk_of(seed, "as-it-is", busy=30)
    posts = _own_posts(talk)
    regulars = [
        said
        for said in talk.said
        if said.kind == "comment" and said.voice == "outside" and said.platform is WALL
        if said.gone_on is None and said.edited_on is None
    ]
    assume(posts and regulars)
    chance = random.Random(seed)
    variants = [talk]
    for number, make in enumerate(WORTHLESS):
        post, old = chance.choice(posts), chance.choice(regulars)
        other = talk.named(f"more-{number}")
        other.said.append(make(talk, post, post.at + dt.timedelta(hours=5), old))
        variants.append(other)
    found = scores(models, variants)
    assume(any(row.get("state") == "value" for row in found[0]))
    for number, each in enumerate(found[1:]):
        assert each == found[0], WORTHLESS[number].__name__


def _asked(seed: int) -> tuple[Talk, Said, dt.date]:
    """A practice with an own post early in a month that is over, below which a question can wait in vain."""
    talk = talk_of(seed, "quiet", busy=30)
    # What is asked and deleted before the first night that reads the wall is known to nobody.
    talk.reads_from, talk.fails_from = {}, {}
    talk.nights = 400
    months = [dt.date(2026, month, 1) for month in (7, 8)]
    found = [(post, post.at.date().replace(day=1)) for post in _own_posts(talk) if post.at.day < 15]
    found = [(post, month) for post, month in found if month in months and talk.first < month]
    assume(found)
    post, month = found[0]
    return talk, _below(post, post.at + dt.timedelta(hours=3), 1, "who asks", acts=["question", "substantive"]), month


@settings(max_examples=4)
@given(st.integers(0, 10**6))
def test_an_unanswered_question_lowers_the_first_part_even_if_it_is_deleted(models: Models, seed: int) -> None:
    talk, question, month = _asked(seed)
    asked, deleted, answered, flagged = (talk.named(name) for name in ("asked", "deleted", "answered", "flagged"))
    asked.said.append(question)
    deleted.said.append(replace(question, gone_on=question.at.date() + 3 * DAY))
    reply = Said(
        WALL, "comment", "reply", question.at + dt.timedelta(hours=1), "us", "practice", question.item_id,
        question.thread, {"disclosure": "generic"},
    )  # fmt: skip
    answered.said += [question, reply]
    flagged.said += [question, replace(reply, more={"disclosure": "pattern"})]
    with replayed(models, rows_of([talk, asked, deleted, answered, flagged], AS_OF)) as connection:
        found = {
            (row["practice_id"], row["month"]): row
            for row in rows(connection, "select * from reports.engagement_parts where part = 'E1'")
        }

    def of(talk: Talk, months: int = 0) -> tuple[int, int]:
        row = found[talk.practice_id, add_months(month, months)]
        return row["s"], row["n"]

    s, n = of(talk)
    assert of(asked) == (s, n + 1)
    assert of(deleted) == (s, n + 1), "a deleted question counts until its month is over"
    assert of(answered) == (s + 1, n + 1)
    assert of(flagged) == (s, n + 1), "an answer with a disclosure is none"
    # The list of the 1st may be the one that finds it gone.
    assert of(deleted, 2) == of(talk, 2)
    # A question of the first days of a month is older than 90 days when the month after next ends.
    if add_months(month, 3) - question.at.date() < 88 * DAY:
        assert of(deleted, 2) != of(asked, 2)
    points = {name: found[name, month]["points"] for name in ("quiet", "asked", "deleted", "answered")}
    if points["quiet"] is not None:
        assert points["asked"] == points["deleted"] <= points["quiet"]
        assert points["asked"] < points["answered"] or points["asked"] == 25
        assert points["asked"] < points["quiet"] or points["quiet"] == 25


@settings(max_examples=3)
@given(st.integers(0, 10**6))
def test_order_server_and_date_of_the_run_do_not_matter(models: Models, seed: int) -> None:
    inputs = rows_of([talk_of(seed, "p", busy=30)], AS_OF)
    with replayed(models, inputs) as connection:
        first = figures(connection)
        parts = rows(connection, _PARTS)
    chance = random.Random(seed)
    for name in ("features", "completeness"):
        chance.shuffle(inputs[name])
    with replayed(models, inputs, time_zone="Pacific/Kiritimati") as connection:
        assert figures(connection) == first
        assert rows(connection, _PARTS) == parts
    over = AS_OF.replace(day=1)
    inputs["build"] = [{"as_of_night": AS_OF + 33 * DAY, "inputs_id": "0"}]
    with replayed(models, inputs) as connection:
        later = {key: row for key, row in figures(connection).items() if key[2] < over}
    assert later == {key: row for key, row in first.items() if key[2] < over}


def test_other_weights_hold_from_their_month_on_and_are_told_beside_those_of_before(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = ("reputation_score", "reputation_score_combined", "engagement_score")
    models = compiled(built_at(tmp_path_factory.getbasetemp(), None)[0], (*metrics, "score_parts", "engagement_parts"))
    inputs = rows_of([talk_of(number, f"p{number}", busy=40) for number in range(4)], AS_OF)
    history = seeded_history(3, first=dt.date(2026, 9, 20), nights=50)
    for name, nightly in (("features", history.features), ("completeness", history.visits)):
        inputs[name] += [row for rows_ in nightly.values() for row in rows_]
    inputs["practices"] += [{"practice_id": p.id, "time_zone": p.time_zone} for p in history.practices.practice]
    inputs["sources"] += [{"source": name} | building._nature(name) for name in ("google_business", "owner_export")]
    first = dt.date(2026, 9, 1)
    other_points = [20, 20, 20, 20, 10, 10]
    weights = {
        part: quality.Weight(points, target / 2)
        for points, (part, (_, target)) in zip(other_points, quality.VERSIONS[0].weights.items(), strict=True)
    }

    def told() -> tuple[dict[Key, Row], list[Row], list[Row]]:
        with replayed(models, inputs) as connection:
            return (
                {
                    (row["practice_id"], row["site"], row["month"], metric, row["part"]): row
                    for metric in metrics
                    for row in rows(connection, f"select * from metrics.{metric}")
                },
                rows(connection, "select * from reports.score_parts"),
                rows(connection, "select * from reports.engagement_parts"),
            )

    before, parts_before, _ = told()
    assert not any(key[4].startswith("version") for key in before)
    monkeypatch.setattr(scores_of_reviews, "VERSIONS", (*scores_of_reviews.VERSIONS, Version("2", first, 50, 10, 40)))
    monkeypatch.setattr(quality, "VERSIONS", (*quality.VERSIONS, quality.Version("2", first, weights)))
    after, parts, talk_parts = told()
    for key, row in before.items():
        practice_id, site, month, metric, part = key
        in_first = ", ".join(filter(None, [part, "version 1"]))
        if month < first:
            assert after[key] == row
        elif month == first:
            assert after[*key[:4], in_first] == row | {"part": in_first}
        assert ((practice_id, site, month, metric, in_first) in after) == (month == first)
        assert after[key]["state"] == row["state"]
    moved = {key for key in before if key[2] >= first and before[key]["value"] != after[key]["value"]}
    assert {key[3] for key in moved} == set(metrics)
    assert any(key[4] for key in moved), "what is told without a cluster has other weights too"
    share = {"stars": 50 / 60, "not unhappy": 10 / 20, "answers": 40 / 20}
    old = {
        (row["practice_id"], row["site"], row["month"], row["score"], row["part"], row["of_site"]): row
        for row in parts_before
    }
    for row in parts:
        times = share[row["part"]] if row["version"] == "2" else 1
        was = old[row["practice_id"], row["site"], row["month"], row["score"], row["part"], row["of_site"]]
        assert row["is_current"] == (row["version"] == "2" or row["month"] < first)
        assert float(row["points"]) == pytest.approx(float(was["points"]) * times, abs=2e-6)
        assert float(row["out_of"]) == pytest.approx(float(was["out_of"]) * times, abs=2e-6)
    for row in talk_parts:
        if row["points"] is not None:
            points, target = weights[row["part"]] if row["version"] == "2" else quality.VERSIONS[0].weights[row["part"]]
            found = points * min(1, (target + row["s"]) / (2 + row["n"]) / target)
            assert float(row["points"]) == pytest.approx(found, abs=1e-6)
            assert row["of"] == points
    for every in (parts, talk_parts):
        assert {row["version"] for row in every if row["month"] == first} == {"1", "2"}
        assert {row["version"] for row in every if row["month"] > first} == {"2"}


def test_communities_keep_what_was_said_in_them(models: Models) -> None:
    inputs = rows_of([talk_of(number, f"p{number}") for number in range(20)], AS_OF)
    # Of some, no opening of a thread is kept, and what is said below names the practice.
    unopened = {f"p{number}" for number in range(0, 20, 2)}
    inputs["features"] = [
        row
        for row in inputs["features"]
        if row["practice_id"] not in unopened or row["kind"] != "post" or not row["matched"]
    ]
    for row in inputs["features"]:
        if row["practice_id"] in unopened and row["kind"] == "comment":
            row |= {"place": "town", "matched": "name", "url": f"https://town.example/{row['item_id']}"}
    with replayed(models, inputs) as connection:
        found = rows(connection, "select * from reports.communities order by all")
    expected = []
    for practice in inputs["practices"]:
        account = TalkAccount(inputs, practice["practice_id"])
        for site in account.sites():
            for month in account.months(site):
                if account.uncovered(site, month) is None:
                    expected += _communities(account, site, month)
    assert len(expected) > 30
    assert len([row for row in expected if row["practice_id"] in unopened and row["url"]]) > 10
    assert sorted(expected, key=_of_thread) == sorted(
        (row | {"staying_power": float(row["staying_power"])} for row in found), key=_of_thread
    )


def _of_thread(row: Row) -> tuple[str, dt.date, str, str]:
    return row["practice_id"], row["month"], row["site"], row["thread"]


def _communities(account: TalkAccount, site: str, month: dt.date) -> list[Row]:
    after = add_months(month, 1)
    end = min(after, account.as_of)
    threads: dict[tuple[str, str], list[Row]] = {}
    for item in account.items.values():
        stands = item["removed_on"] is None or item["removed_on"] >= after
        if item["site"] == site and item["place"] and stands and item["created_local"].date() < end:
            threads.setdefault((item["place"], item["thread"]), []).append(item)
    told = []
    for (place, thread), items in threads.items():
        named = [i for i in items if i["outside"] and i["matched"] and i["kind"] != "share"]
        named = [i for i in named if not i["mute"] and "spam" not in i["acts"]]
        last = max(i["created_local"].date() for i in items)
        start = after - 90 * DAY
        if named and (end - last).days <= 365:
            told.append(
                {
                    "practice_id": account.practice_id,
                    "month": month,
                    "source": account.source(site),
                    "site": site,
                    "place": place,
                    "thread": thread,
                    "url": _url(items, named),
                    "first_post_on": min(i["created_local"].date() for i in items),
                    "last_activity_on": last,
                    "replies": sum(i["kind"] == "comment" and i["created_local"].date() >= start for i in items),
                    "mentions": len(named),
                    "recommend": sum("advocacy" in i["acts"] for i in named),
                    "discourage": sum("discouragement" in i["acts"] for i in named),
                    "staying_power": pytest.approx(2 ** (-(end - DAY - last).days / 180), abs=1e-6),
                }
            )
    return told


def _url(items: list[Row], named: list[Row]) -> str | None:
    """Return the address of a thread's opening, or of what names the practice first where no opening is kept."""
    openings = [i["url"] for i in items if i["kind"] == "post"]
    first = sorted((i for i in named if i["url"]), key=lambda i: (i["created_local"], i["item_id"]))
    return openings[0] if openings and openings[0] else first[0]["url"] if first else None


def _requested(seed: int, voice: str) -> Talk:
    """A practice that somebody names below an opening that does not, and that says something there itself."""
    talk = talk_of(seed, f"p{seed}", busy=30)
    talk.platforms, talk.first, talk.nights = (WALL,), dt.date(2026, 6, 1), 170
    talk.reads_from, talk.fails_from = {}, {}
    asked_at = dt.datetime(2026, 10, 12, 8, tzinfo=dt.UTC)
    opening = Said(WALL, "post", "asked", asked_at, "who asks", voice, more={"place": "town"})
    named = {"place": "town", "matched": "name", "acts": ["advocacy", "substantive"]}
    answer = Said(WALL, "comment", "named", asked_at + dt.timedelta(hours=1), "a neighbour", "outside", "asked",
                  "asked", named)  # fmt: skip
    thanks = Said(WALL, "comment", "thanks", asked_at + dt.timedelta(hours=2), "us", "practice", "named", "asked",
                  {"place": "town"})  # fmt: skip
    talk.said += [opening, answer, thanks]
    return talk


def test_an_opening_that_only_asks_whom_to_go_to_is_a_request_and_changes_nothing_else(models: Models) -> None:
    """Neither word of mouth, nor a mention, nor said to the practice; what names it below counts as it did."""
    talks = [_requested(seed, voice) for seed, voice in enumerate(("outside", "organisation", "team"))]
    inputs = rows_of(talks, AS_OF)
    for row in inputs["features"]:
        if row["item_id"] == "asked":
            row |= {"matched": None, "mention_keys": [], "acts": ["asks_recommendation"], "clinical_claim": True}
    without = inputs | {"features": [row for row in inputs["features"] if row["item_id"] != "asked"]}
    told = []
    for each in (without, inputs):
        with replayed(models, each) as connection:
            threads = rows(connection, "select * exclude (first_post_on, url) from reports.communities order by all")
            told.append((figures(connection), rows(connection, _PARTS), threads))
    (before, *others_before), (after, *others) = told
    assert differing(after, of_all(inputs)) == []
    assert others == others_before
    changed = {key for key, row in after.items() if row != before[key]}
    assert {key[3] for key in changed} == {"recommendation_requests"}
    october = dt.date(2026, 10, 1)

    def number(practice_id: str, part: str) -> int:
        key = (practice_id, "", october, "recommendation_requests", part)
        return int(after[key]["numerator"] - before[key]["numerator"])

    for seed, asked in enumerate((1, 1, 0)):
        assert [number(f"p{seed}", part) for part in ("others", "answered", "team", "practice", "asker")] == [
            asked, asked, 0, 0, 0,
        ]  # fmt: skip


def test_a_number_a_platform_gives_up_is_a_break_and_no_fall(models: Models) -> None:
    talk = talk_of(1, "p", busy=40)
    talk.platforms, talk.first, talk.nights, talk.fails_from = (WALL,), dt.date(2026, 6, 1), 170, {}
    inputs = rows_of([talk], AS_OF)
    ends = dt.date(2026, 8, 14)
    inputs["features"] = [row for row in inputs["features"] if row["metric"] != "followers" or row["night"] <= ends]
    for row in inputs["source_metrics"]:
        if row["metric"] == "followers":
            row["valid_to"] = ends
        if row["metric"] == "views":
            row["valid_from"] = dt.date(2026, 7, 10)
        if row["metric"] == "likes" and row["source"] == WALL.source:
            row |= {"valid_from": None, "valid_to": dt.date(2025, 8, 31)}
    with replayed(models, inputs) as connection:
        found = {
            (row["month"].month, row["meaning"]): row
            for row in rows(connection, "select * from reports.vanity where month >= '2026-06-01'")
        }
    followers = [row for row in inputs["features"] if row["metric"] == "followers"]
    newest = {month: [r["value"] for r in followers if r["night"] <= dt.date(2026, month, 1)] for month in (7, 8, 9)}
    assert found[6, "followers"]["value"] == newest[7][-1]
    assert found[6, "followers"]["break_note"] is None
    assert found[6, "followers"]["counted"] == "at the end of the month"
    assert found[8, "followers"]["value"] == newest[9][-1]
    assert found[8, "followers"]["break_note"] == "break: given up to 2026-08-14"
    assert (found[9, "followers"]["value"], found[9, "followers"]["break_note"]) == (
        None,
        "break: not given since 2026-08-15",
    )
    assert found[6, "views"]["break_note"] == "break: not given before 2026-07-10"
    assert found[7, "views"]["break_note"] == "break: given from 2026-07-10"
    assert found[9, "views"]["break_note"] is None
    assert found[9, "likes"]["counted"] == "sum of the posts of the month"
    assert found[8, "likes"]["break_note"] == "break: not given since 2025-09-01"
    assert found[9, "likes"]["break_note"] is None


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, Inputs]:
    """The same practices through the real build, with sources that say of themselves what the inputs say."""
    data = DataDir(tmp_path_factory.mktemp("talk"))
    talks = [talk_of(number, f"p{number}") for number in (1, 4, 6, 11)]
    inputs = rows_of(talks, AS_OF)
    for platform in PLATFORMS:
        seen = [
            [row for row in inputs[kind] if row["source"] == platform.source] for kind in ("features", "completeness")
        ]
        for night in sorted({row["night"] for row in seen[1]}):
            write_night(data, platform.source, night, *([r for r in part if r["night"] == night] for part in seen))
    people = Practices(
        practice=tuple(
            Practice(
                id=t.practice_id,
                name=f"Practice {t.practice_id}",
                time_zone=t.time_zone,
                handled_privately=tuple(HandledPrivately(item=item, on=day) for item, day in t.marks),
            )
            for t in talks
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "load_source", _source)
        building.build(data, people, AS_OF, lambda _: None)
    return data, inputs


def _source(name: str) -> Any:
    platform = next((each for each in PLATFORMS if each.source == name), None)
    if platform is None:
        raise UnknownName(f"there is no source '{name}'")
    source = Source(
        name=name,
        title=name,
        policy=Policy(terms_seen="stored copy", terms_url="https://example.org", terms_read_on=AS_OF),
        gives=("posts", "comments"),
        told=("", "", ""),
        addresses={},
        site=platform.site,
        window_days=platform.window_days,
        tells_hidden=platform.tells_hidden,
        metrics=tuple(
            Metric(name=metric, meaning=meaning, divides=metric == platform.divides)
            for metric, meaning in platform.metrics
        ),
    )
    return type("Module", (), {"SOURCE": source})


def test_the_build_passes_its_checks_and_says_the_same(warehouse: tuple[DataDir, Inputs]) -> None:
    data, inputs = warehouse
    with open_warehouse(data) as connection:
        assert differing(figures(connection), of_all(inputs)) == []
    assert len(checks(data)) > 15


BEHIND: dict[str, Callable[[Row], int | None]] = {
    "answered_share": lambda figure: None if figure["state"] == "not_measured" else figure["sample_size"],
    "comment_quality_share": lambda figure: figure["sample_size"],
    "post_mix": lambda figure: figure["sample_size"],
    "helpful_mix_share": lambda figure: None if figure["reason"] else figure["sample_size"],
    "talk_reply_hours": lambda figure: figure["sample_size"],
    "asked_and_stayed": lambda figure: figure["sample_size"],
    "replied_share": lambda figure: None if figure["state"] == "not_measured" else figure["sample_size"],
    "questions_answered_share": lambda figure: None if figure["state"] == "not_measured" else figure["sample_size"],
    "community_recommend_share": lambda figure: figure["sample_size"],
    "broadcast_only_posts": lambda figure: figure["sample_size"],
}


@pytest.mark.parametrize("metric", BEHIND)
def test_what_stands_behind_a_figure_is_as_much_as_it_counts(warehouse: tuple[DataDir, Inputs], metric: str) -> None:
    data, _ = warehouse
    with open_warehouse(data) as connection:
        told = [row for key, row in sorted(figures(connection).items()) if key[3] == metric and key[4] in ("", "other")]
    compared = 0
    with opened_once(data):
        explained = [(figure, explain(data, figure["practice_id"], figure["month"], metric)) for figure in told]
    for figure, found in explained:
        assert found.rows_from == "talk"
        expected = BEHIND[metric](figure)
        if metric == "answered_share" and expected is not None:
            # What is still pending stands behind the figure, too.
            outcomes = Counter(row["outcome"] for row in found.rows)
            assert len(found.rows) - outcomes["pending"] - outcomes["handled privately"] == expected
            assert (f"{outcomes['handled privately']} handled privately" in str(found)) == (
                outcomes["handled privately"] > 0
            )
            assert outcomes["in time"] == figure["numerator"]
            assert all(f", {outcome}  " in str(found) for outcome in outcomes)
        elif expected is not None:
            # What was handled privately is listed as such and not among the waits.
            handled = [row for row in found.rows if row["outcome"] == "handled privately"]
            left = handled if metric in ("talk_reply_hours", "questions_answered_share", "replied_share") else []
            assert len(found.rows) - len(left) == expected, figure
        compared += bool(expected)
    assert compared > 3


def test_the_parts_of_an_explained_score_add_up_to_it(warehouse: tuple[DataDir, Inputs]) -> None:
    data, _ = warehouse
    with open_warehouse(data) as connection:
        scores_told = [row for key, row in figures(connection).items() if key[3] == "engagement_score" and row["value"]]
    assert scores_told
    for figure in scores_told[:5]:
        found = explain(data, figure["practice_id"], figure["month"], "engagement_score")
        assert [part["part"] for part in found.parts] == ["E1", "E2", "E3", "E4", "E5", "E6"]
        assert float(sum(part["points"] for part in found.parts)) == pytest.approx(float(figure["value"]), abs=1e-5)
        assert f"E1: {found.parts[0]['points']:f} of 25 points, from " in str(found)


def test_every_figure_of_talk_can_be_explained(warehouse: tuple[DataDir, Inputs]) -> None:
    data, _ = warehouse
    with open_warehouse(data) as connection:
        keys = {key[3]: key for key, row in sorted(figures(connection).items()) if row["numerator"]}
    assert len(keys) == 37
    for metric, key in keys.items():
        text = str(explain(data, key[0], key[2], metric))
        assert "all sites" in text
        assert "posts, comments and shares behind it:" in text
        assert "comment, " in text or "post, " in text or "share, " in text
        assert ("What it is made of:" in text) == (metric == "engagement_score")
        one_site = explain(data, key[0], key[2], metric, "wall")
        assert {row["site"] for row in one_site.rows} <= {"wall"}
