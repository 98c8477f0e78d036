"""What changed since the last report, against a slow account of what was known on that night and on this one."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import build
from pipelines.periods import add_months
from pipelines.warehouse import rows
from tests.histories import History, Row, built_at, seeded_history, until
from tests.replay import Compiled, compiled, replayed
from tests.sql.test_figures import Account

DAY = dt.timedelta(days=1)
FIRST, NIGHTS = dt.date(2026, 8, 20), 76
Place = tuple[str, str, str]
Features = dict[tuple[str, dt.date], list[Row]]
FIGURES = ("reviews_received", "mean_stars", "low_share")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    data, _ = built_at(tmp_path_factory.getbasetemp(), None)
    return compiled(data, ("changes_since_last_report", "figures_since_last_report"))


def history_of(seed: int) -> History:
    """Return a town in which some reviews vanish for a while, by a word of the site or without one, and answers have
    words that change with their time."""
    history, chance = seeded_history(seed, first=FIRST, nights=NIGHTS), random.Random(seed)
    away = {}
    for site in history.sites:
        for review in chance.sample(site.reviews, len(site.reviews) // 6):
            gone = FIRST + chance.randrange(NIGHTS) * DAY
            away[site.practice_id, site.site, review.item_id] = (gone, gone + chance.randint(8, 30) * DAY)

    def is_away(row: Row) -> bool:
        review = row["parent_id"] if row["kind"] == "reply" else row["item_id"]
        gone, back = away.get((row["practice_id"], row["site"], review), (dt.date.max, dt.date.max))
        return bool(gone <= row["night"] < back)

    def announced_from(row: Row) -> dt.date:
        """Some sites say at once that a review is gone, some later and some never."""
        late = random.Random(f"{seed} {row['item_id']}").choice([0, 9, NIGHTS])
        return away[_name(row)][0] + late * DAY

    def with_words(row: Row) -> Row:
        return row | {"text_key": f"{row['updated_at']}"} if row["kind"] == "reply" else row

    def told(row: Row) -> list[Row]:
        if not is_away(row):
            return [with_words(row)]
        announced = row["kind"] == "review" and row["night"] >= announced_from(row)
        return [row | {"state": "removed", "stars": None, "text_key": None}] if announced else []

    features = {key: [version for row in part for version in told(row)] for key, part in history.features.items()}
    return replace(history, features=only_of_what_was_seen(features))


def only_of_what_was_seen(features: Features) -> Features:
    """Leave out announcements of what was not seen before: that something is gone which nobody saw is no news."""
    seen: set[tuple[str, str, str]] = set()
    left = {}
    for key, part in sorted(features.items(), key=lambda item: item[0][1]):
        left[key] = [row for row in part if row["state"] != "removed" or _name(row) in seen]
        seen |= {_name(row) for row in left[key]}
    return left


def _name(row: Row) -> tuple[str, str, str]:
    return row["practice_id"], row["site"], row["item_id"]


def purged(history: History, kept_from: dt.date) -> History:
    """Return what is left when the features of Google's nights before a day have expired."""
    left = {
        key: [] if key[0] == "google_business" and key[1] < kept_from else part
        for key, part in history.features.items()
    }
    return replace(history, features=only_of_what_was_seen(left))


def inputs_of(history: History, as_of: dt.date) -> dict[str, list[Row]]:
    known = until(history, as_of)
    return {
        "features": [row for part in known.features.values() for row in part],
        "completeness": [row for part in known.visits.values() for row in part],
        "practices": [
            {"practice_id": p.id, "time_zone": p.time_zone, "answer_within_days": p.answer_within_days}
            for p in history.practices.practice
        ],
        "sources": [{"source": name, **build._nature(name)} for name in sorted({s.source for s in history.sites})],
        "source_metrics": [],
        "build": [{"as_of_night": as_of, "inputs_id": "0"}],
    }


class Known:
    """One place as it was known on a night: every item's newest version, and whether a list lacked it since."""

    def __init__(self, rows_: list[Row], lists: list[dt.date], night: dt.date) -> None:
        self.newest: dict[tuple[str, str], Row] = {}
        self.said: dict[tuple[str, str], dt.date] = {}
        self.visible: set[str] = set()
        for row in sorted((row for row in rows_ if row["night"] <= night), key=lambda row: row["night"]):
            if row["state"] == "removed":
                self.said[row["kind"], row["item_id"]] = row["night"]
                continue
            self.newest[row["kind"], row["item_id"]] = row
            if row["kind"] == "reply" and row["state"] in (None, "approved"):
                self.visible.add(row["item_id"])
        self.lacking = {
            key: sum(row["night"] < listed <= night for listed in lists) for key, row in self.newest.items()
        }
        self.announced = {key for key, row in self.newest.items() if self.said.get(key, dt.date.min) > row["night"]}
        self.here = {key for key, number in self.lacking.items() if not number} - self.announced


def picture(history: History, place: Place, night: dt.date) -> Known:
    practice, source, site = place
    mine = [
        row
        for (name, _), part in history.features.items()
        if name == source
        for row in part
        if row["practice_id"] == practice and row["site"] == site and row["kind"] in ("review", "reply")
    ]
    return Known(mine, kept_lists(history, place), night)


def changes_of(
    history: History, place: Place, month: dt.date, since: dt.date, known_on: dt.date
) -> set[tuple[str, str]]:
    """Return (kind of change, review) of one place between two nights, from two whole pictures of it."""
    then, now = picture(history, place, since), picture(history, place, known_on)
    found = set()
    for kind, item_id in then.newest.keys() | now.newest.keys():
        key, latest = (kind, item_id), now.newest[kind, item_id]
        review = item_id if kind == "review" else latest["parent_id"]
        before = then.newest.get(key)
        if kind == "review":
            if key in then.here and key not in now.here:
                found.add(("vanished", review))
            if key not in now.here:
                continue
            if before is None and latest["created_local"].date() < month:
                found.add(("came late", review))
            if before is not None and key not in then.here:
                found.add(("came back", review))
            if before is not None and (before["stars"], before["state"]) != (latest["stars"], latest["state"]):
                found.add(("other stars", review))
            if before is not None and before["text_key"] != latest["text_key"]:
                found.add(("other words", review))
            continue
        if ("review", review) not in now.here:
            continue
        was_visible, is_visible = item_id in then.visible, item_id in now.visible and key in now.here
        written = now.newest["review", review]["created_local"].date()
        if is_visible and not was_visible and written < month:
            found.add(("answer came", review))
        if was_visible and key in then.here and key not in now.here:
            found.add(("answer gone", review))
        if was_visible and is_visible and before and before["text_key"] != latest["text_key"]:
            found.add(("answer rewritten", review))
    return found


def sureness_of(history: History, row: Row) -> tuple[int | None, int | None]:
    """Return how many of the reviews that vanished the site announced, and how many are confirmed, as known then."""
    if row["change"] != "vanished" or not row["item_ids"]:
        return None, None
    known = picture(history, (row["practice_id"], row["source"], row["site"]), row["known_on"])
    gone = {("review", item) for item in row["item_ids"]}
    return len(gone & known.announced), sum(key in known.announced or known.lacking[key] >= 3 for key in gone)


def visits_of(history: History, place: Place) -> list[Row]:
    practice, source, site = place
    return [
        visit
        for (name, _), part in sorted(history.visits.items(), key=lambda item: item[0][1])
        if name == source
        for visit in part
        if visit["practice_id"] == practice and visit["site"] == site
    ]


def kept_lists(history: History, place: Place) -> list[dt.date]:
    """Return the nights whose list of everything was read and whose features are still here."""
    practice, source, site = place
    return [
        visit["night"]
        for visit in visits_of(history, place)
        if visit["complete"]
        and visit["status"] == "ok"
        and (
            not visit["fetched"]
            or any(
                row["practice_id"] == practice and row["site"] == site
                for row in history.features[source, visit["night"]]
            )
        )
    ]


def since_of(history: History, place: Place, month: dt.date, known_on: dt.date) -> tuple[dt.date | None, str | None]:
    """Return from which night on changes can be told, and why they cannot."""
    read = [
        visit["night"] for visit in visits_of(history, place) if visit["status"] == "ok" and visit["night"] <= known_on
    ]
    lists = [night for night in kept_lists(history, place) if night <= known_on]
    second = month + DAY
    if not read or read[0] > second:
        return None, "not read before the last report"
    if not lists:
        return None, "what was known then is no longer kept"
    since = second if lists[0] <= second else lists[0]
    return since, None if read[-1] > since else "not read since the last report"


def reports_of(history: History, as_of: dt.date) -> Iterator[tuple[Place, dt.date, dt.date]]:
    """Yield every place and month whose report has news, and the night it is known on."""
    for site in history.sites:
        place = (site.practice_id, site.source, site.site)
        days = [visit["night"] - DAY for visit in visits_of(history, place)[:1]]
        days += [
            row["created_local"].date()
            for (_, night), part in history.features.items()
            for row in part
            if night <= as_of and row["kind"] == "review"
            and (row["practice_id"], row["site"]) == (site.practice_id, site.site)
        ]  # fmt: skip
        month = min(days).replace(day=1)
        while month + DAY < as_of:
            yield place, month, min(add_months(month, 1) + DAY, as_of)
            month = add_months(month, 1)


@settings(max_examples=6)
@given(st.integers(0, 10**6), st.integers(25, NIGHTS - 1), st.sampled_from([None, 5, 20, 40]))
def test_changes_are_those_between_two_pictures_of_a_site(
    models: Compiled, seed: int, days: int, kept: int | None
) -> None:
    as_of = FIRST + days * DAY
    history = until(history_of(seed), as_of)
    if kept:
        history = purged(history, as_of - kept * DAY)
    with replayed(models, inputs_of(history, as_of)) as connection:
        found = rows(connection, "select * from reports.changes_since_last_report")
        nights = {
            ((row["practice_id"], row["source"], row["site"]), row["month"]): row
            for row in rows(connection, "select * from core.report_nights")
        }
    told: dict[tuple[Place, dt.date], set[tuple[str, str]]] = {key: set() for key in nights}
    for row in found:
        place = (row["practice_id"], row["source"], row["site"])
        assert (row["state"] == "value") == bool(row["item_ids"])
        assert (row["number"] is None) == (row["state"] == "not_measured")
        assert row["number"] in (None, len(row["item_ids"] or ()))
        told[place, row["month"]] |= {(row["change"], review) for review in row["item_ids"] or ()}
        assert (row["announced"], row["confirmed"]) == sureness_of(history, row)
    expected = {}
    for place, month, known_on in reports_of(history, as_of):
        since, why = since_of(history, place, month, known_on)
        there = nights[place, month]
        assert (there["since"], there["not_known_why"]) == (since, why)
        expected[place, month] = set() if since is None else changes_of(history, place, month, since, known_on)
    assert {key: changes for key, changes in told.items() if key in expected} == expected


def test_the_generated_histories_are_worth_an_account(models: Compiled) -> None:
    """They must reach every kind of change and every state, or the comparison shows little."""
    found: list[Row] = []
    for history in (history_of(3), purged(history_of(4), FIRST + 50 * DAY), purged(history_of(5), FIRST + 75 * DAY)):
        with replayed(models, inputs_of(history, FIRST + 75 * DAY)) as connection:
            told = rows(connection, "select * from reports.changes_since_last_report")
        # Later nights confirm what was not sure yet, and change nothing of what a report has said of it.
        assert [(row["announced"], row["confirmed"]) for row in told] == [sureness_of(history, row) for row in told]
        found += told
    reached = Counter((row["change"], row["state"]) for row in found)
    for change in {row["change"] for row in found}:
        for state in ("value", "zero", "not_measured"):
            assert reached[change, state], (change, state)
    assert {row["reason"] for row in found} >= {
        "not read before the last report",
        "what was known then is no longer kept",
        "replies cannot be read on this site",
    }
    vanished = [row for row in found if row["announced"] is not None]
    assert any(row["announced"] for row in vanished)
    assert any(row["announced"] < row["confirmed"] for row in vanished)
    assert any(row["confirmed"] < row["number"] for row in vanished)
    # Where the features of the night of the last report are gone, changes are told from the first list still here.
    assert {row["since"].day for row in found if row["since"]} > {2}


@settings(max_examples=6)
@given(st.integers(0, 10**6), st.integers(25, NIGHTS - 1), st.sampled_from([None, 20, 40]))
def test_a_figure_that_reads_differently_now_is_told_as_it_was(
    models: Compiled, seed: int, days: int, kept: int | None
) -> None:
    as_of = FIRST + days * DAY
    history = until(history_of(seed), as_of)
    if kept:
        history = purged(history, as_of - kept * DAY)
    with replayed(models, inputs_of(history, as_of)) as connection:
        found = {
            (row["practice_id"], row["site"], row["month"], row["metric"]): (
                (row["numerator_was"], row["size_was"], row["state_was"], _rounded(row["was"])),
                (row["numerator_now"], row["size_now"], row["state_now"], _rounded(row["now"])),
            )
            for row in rows(connection, "select * from reports.figures_since_last_report")
        }
    assert found == differing_figures(history, as_of)


def differing_figures(history: History, as_of: dt.date) -> dict[tuple[str, str, dt.date, str], tuple[object, ...]]:
    """Return each figure of a month before that was another when its report was made, from two whole accounts."""
    accounts = {as_of: Account(history, as_of)}
    now = accounts[as_of].told
    found: dict[tuple[str, str, dt.date, str], tuple[object, ...]] = {}
    for place, month, known_on in reports_of(history, as_of):
        practice, _, site = place
        since, _ = since_of(history, place, month, known_on)
        if since is None:
            continue
        if since not in accounts:
            accounts[since] = Account(history, since)
        then = accounts[since]._month_figures((practice, site), add_months(month, -1))
        for metric in FIGURES:
            key = (add_months(month, -1), metric, "")
            if key not in now[practice, site]:
                continue
            was = then[metric, ""]
            pair = tuple(
                (figure["numerator"], figure["sample_size"], figure["state"], _rounded(figure["value"]))
                for figure in (was, now[practice, site][key])
            )
            if pair[0] != pair[1]:
                found[practice, site, month, metric] = pair
    return found


def _rounded(value: object) -> float | None:
    return None if value is None else round(float(str(value)), 6)
