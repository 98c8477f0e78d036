"""Figures of reviews in towns that nobody chose: against the slow account, and with a source that is read no more."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.periods import add_months
from pipelines.warehouse import rows
from tests.histories import History, Row, built_at, seeded_history
from tests.replay import Compiled, compiled, replayed
from tests.sql.test_figures import Account, Key
from tests.sql.test_history import inputs_of

DAY = dt.timedelta(days=1)
FIRST, NIGHTS = dt.date(2026, 9, 20), 45
# A town takes seconds and has nothing to be made smaller by.
AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compiled(built_at(tmp_path_factory.getbasetemp(), None)[0], ("figures",))


def figures(models: Compiled, history: History, as_of: dt.date) -> dict[Key, Row]:
    """Return all figures of reviews, as they are known on a night."""
    inputs = inputs_of(history, as_of)
    for given_, practice in zip(inputs["practices"], history.practices.practice, strict=True):
        marks = practice.handled_privately
        given_["handled_privately"] = [{"item": mark.item, "handled_on": mark.on} for mark in marks]
    with replayed(models, inputs) as connection:
        told = rows(
            connection,
            "select * from reports.figures "
            "where site <> '' or metric in ('reputation_score_combined', 'effective_sites')",
        )
    return {(row["practice_id"], row["site"], row["month"], row["metric"], row["part"]): row for row in told}


def differs(there: Any, value: Any) -> bool:
    if isinstance(value, float) and there is not None:
        return float(there) != pytest.approx(value, abs=1e-6)
    return bool(there != value)


@settings(max_examples=2, phases=AS_DRAWN)
@given(st.integers(0, 10**6), st.integers(8, NIGHTS - 1))
def test_every_figure_is_what_the_slow_account_says(models: Compiled, seed: int, days: int) -> None:
    history, as_of = seeded_history(seed, first=FIRST, nights=NIGHTS), FIRST + days * DAY
    found, expected = figures(models, history, as_of), Account(history, as_of).figures()
    assert found.keys() == expected.keys()
    wrong = {
        (key, name): (found[key][name], value)
        for key, figure in expected.items()
        for name, value in figure.items()
        if differs(found[key][name], value)
    }
    assert wrong == {}


@settings(max_examples=2, phases=AS_DRAWN)
@given(st.integers(0, 10**6), st.integers(8, 15))
def test_a_source_that_is_read_no_more_leaves_no_zero(models: Compiled, seed: int, days: int) -> None:
    history, last = seeded_history(seed, first=FIRST, nights=NIGHTS), FIRST + days * DAY
    silent = replace(
        history,
        features={key: part for key, part in history.features.items() if key[0] != "google_business" or key[1] <= last},
        visits={key: part for key, part in history.visits.items() if key[0] != "google_business" or key[1] <= last},
    )
    as_of = FIRST + (NIGHTS - 1) * DAY
    found = figures(models, silent, as_of)
    after = {key: row for key, row in found.items() if key[1] == "google" and key[2] > last}
    assert {key[2].month for key in after} >= {11}
    # What is told without a number is no number of nothing.
    assert {key for key, row in after.items() if row["state"] == "zero"} == set()
    assert {row["state"] for key, row in after.items() if key[3] == "reviews_received"} == {"not_measured"}
    begun = {key: row for key, row in found.items() if key[1] == "google" and key[2] <= last < add_months(key[2], 1)}
    zeros = {key: row for key, row in begun.items() if row["state"] == "zero"}
    assert begun
    assert {key for key, row in zeros.items() if not row["reason"]} == set()


@settings(max_examples=1, phases=AS_DRAWN)
@given(st.integers(0, 10**6))
def test_what_a_site_shows_moves_no_other_figure(models: Compiled, seed: int) -> None:
    history = seeded_history(seed, first=FIRST, nights=NIGHTS)

    def shown(row: Row) -> Row:
        return row | {"total_average": Decimal("1.5"), "total_count": 9000} if row["kind"] == "total" else row

    other = replace(history, features={key: [*map(shown, part)] for key, part in history.features.items()})
    told, found = (figures(models, each, FIRST + (NIGHTS - 1) * DAY) for each in (history, other))
    assert told.keys() == found.keys()
    assert {key[3] for key in told if told[key] != found[key]} == {"rating_shown_by_site", "reviews_held"}


OCTOBER = dt.date(2026, 10, 1)
# What looks back at a month's end and asks for nothing that was so in the month of a review alone.
LOOKING_BACK = ("decayed_stars", "effective_reviews", "moved_offline_share", "reputation_score")


def edited(history: History, chosen: set[tuple[str, str, str]], first: dt.date) -> History:
    """Give reviews other stars in all that is read of them from a night on."""

    def version(row: Row) -> Row:
        if row["night"] < first or row["kind"] != "review" or _name(row) not in chosen:
            return row
        return row | {"stars": 1 if row["stars"] > 2 else 5}

    return replace(history, features={key: [*map(version, part)] for key, part in history.features.items()})


def _name(row: Row) -> tuple[str, str, str]:
    return row["practice_id"], row["site"], row["item_id"]


@settings(max_examples=1, phases=AS_DRAWN)
@given(st.integers(0, 10**6))
def test_edited_stars_count_from_the_month_of_the_edit_on_as_if_they_had_always_been(
    models: Compiled, seed: int
) -> None:
    history = seeded_history(seed, first=FIRST, nights=NIGHTS)
    reads = [row for part in history.features.values() for row in part if row["kind"] == "review"]
    before, within = (
        {_name(row) for row in reads if months[0] <= row["night"] < months[1]}
        for months in ((dt.date.min, OCTOBER), (OCTOBER, add_months(OCTOBER, 1)))
    )
    unrated = {_name(row) for row in reads if row["stars"] is None}
    chosen = set(random.Random(seed).sample(sorted((before & within) - unrated), 60))
    plain, later, always = (
        figures(models, each, FIRST + (NIGHTS - 1) * DAY)
        for each in (history, edited(history, chosen, OCTOBER), edited(history, chosen, dt.date.min))
    )
    assert {key: row for key, row in plain.items() if key[2] < OCTOBER} == {
        key: row for key, row in later.items() if key[2] < OCTOBER
    }
    since = {key for key in later if key[2] >= OCTOBER and key[3].startswith(LOOKING_BACK) and not key[4]}
    assert {key: later[key] for key in since} == {key: always[key] for key in since}
    moved = {key[3] for key in since if plain[key] != later[key]}
    assert moved >= {"decayed_stars", "reputation_score"}
