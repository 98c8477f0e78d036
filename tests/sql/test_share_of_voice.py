"""Share of voice against a slow account in plain Python, and nothing else of the warehouse moved by it."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.advice import site_name
from pipelines.periods import add_months
from pipelines.warehouse import rows
from tests.conversations import DAY, PLATFORMS, Inputs, Platform, rows_of, talk_of
from tests.histories import Row, built_at, feature
from tests.replay import Compiled, all_compiled, replayed

AS_OF = dt.date(2026, 11, 9)
REACH = 125
OTHERS = {"pine dental": "Pine Dental", "elm dental": "Elm Dental", "hill": "Hill"}
OWN = {"key": "practice", "name": "Oak Dental"}
# What is made of the searches for names, and the table that has a row of every metric.
OF_NAMES = {"namings", "compared", "name_searches", "named_practices", "share_of_voice", "figures"}

# All rows of a table in their order, as one number.
_EXPORT = "select count(*), md5(string_agg(t::varchar, chr(10) order by t::varchar)) from {table} as t"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return all_compiled(built_at(tmp_path_factory.getbasetemp(), None)[0])


@pytest.fixture(scope="module")
def voice_models(models: Compiled) -> Compiled:
    """What the figure is made of: the rest takes most of the time."""
    wanted = {
        "completeness", "features", "practices", "sources", "build", "listings", "visited_months", "items",
        "practice_sites", "site_months", "talk_sites", "practice_months", *OF_NAMES,
    } - {"figures"}  # fmt: skip
    return Compiled(model for model in models if model[1] in wanted)


def with_names(inputs: Inputs, seed: int) -> Inputs:
    """Add nights' searches for names: names that come and go, searches that fail or find too much, platforms left."""
    chance = random.Random(seed)
    as_of = inputs["build"][0]["as_of_night"]
    features, practices = list(inputs["features"]), []
    for practice in inputs["practices"]:
        named = chance.sample(sorted(OTHERS), chance.choice([0, 1, 1, 2, 3]))
        told = [{"key": key, "name": OTHERS[key]} for key in named]
        practices.append(practice | {"compared": [OWN, *told] if named else []})
        searched_for = {"practice", *named} ^ set(chance.choice([(), (), ("hill",)]))
        for platform in chance.sample(PLATFORMS, chance.choice([0, 1, 2, 2])):
            said = list(_said(chance, sorted({"practice", *OTHERS}), as_of, chance.choice([3, 40, 90])))
            night = as_of - chance.choice([0, 0, 0, 3, 40]) * DAY
            for _ in range(chance.randint(1, 45)):
                went = {name: chance.choices(("whole", "failed", "truncated"), (40, 1, 1))[0] for name in searched_for}
                features += _night(practice["practice_id"], platform, night, went, said)
                night -= chance.choice([1, 1, 2]) * DAY
    return inputs | {"features": features, "practices": practices}


def _said(
    chance: random.Random, names: list[str], as_of: dt.date, many: int
) -> Iterator[tuple[str, list[str], dt.datetime]]:
    for number in range(many):
        at = dt.datetime.combine(as_of, dt.time()) - dt.timedelta(minutes=chance.randint(0, 150 * 24 * 60))
        if chance.random() < 0.1:
            at = dt.datetime.combine(at.date().replace(day=1), dt.time()) - dt.timedelta(seconds=chance.choice([0, 1]))
        yield f"post {number}", chance.sample(names, chance.choice([1, 1, 2])), at


def _night(
    practice: str,
    platform: Platform,
    night: dt.date,
    went: dict[str, str],
    said: list[tuple[str, list[str], dt.datetime]],
) -> Iterator[Row]:
    since = night - REACH * DAY
    for name, how in sorted(went.items()):
        yield feature("search", platform.source, platform.site, night, practice, name, state=how, day=since)
    for item, names, at in said:
        if since <= at.date() < night:
            for name in names:
                yield feature(
                    "naming", platform.source, platform.site, night, practice, f"{item}/{name}", parent_id=item,
                    matched=name, created_local=at,
                )  # fmt: skip


def account(inputs: Inputs, practice: Row, month: dt.date) -> Row:
    """Tell the figure of a practice and month by walking from night to night."""
    as_of, end = inputs["build"][0]["as_of_night"], add_months(month, 1)
    start, due = end - 90 * DAY, min(end, as_of)
    names = {known["key"]: known["name"] for known in practice.get("compared") or []}
    if not names:
        return {"state": "not_measured", "reason": "no other practices were named", "sample_size": 0}
    nights: dict[str, dict[dt.date, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in inputs["features"]:
        if row["practice_id"] == practice["practice_id"] and row["kind"] in ("search", "naming"):
            nights[row["site"]][row["night"]].append(row)
    used, left, own, mentions = [], {}, 0, 0
    for site in sorted(nights):
        night, why = _chosen(nights[site], set(names), start, due)
        if why == "nobody":
            continue
        if night is None:
            left[site] = why
            continue
        used.append(site)
        for row in nights[site][night]:
            at = row["created_local"]
            if row["kind"] == "naming" and row["matched"] in names and start <= at.date() and at.date() < due:
                mentions += 1
                own += row["matched"] == "practice"
    beside = ", ".join(sorted(name for key, name in names.items() if key != "practice"))
    if not used and not left:
        return {"state": "not_measured", "reason": "no platform was searched for their names", "sample_size": 0}
    if not used:
        why = "; ".join(f"{site_name(site)}: {why}" for site, why in left.items())
        return {"state": "not_measured", "reason": why, "sample_size": 0, "numerator": None}
    reason = f"beside {beside}; searched on {', '.join(map(site_name, used))}"
    if left:
        reason += "; without " + ", ".join(f"{site_name(site)} ({why})" for site, why in left.items())
    told: Row = {"reason": reason, "numerator": own, "sample_size": mentions, "value": None, "low": None, "high": None}
    if mentions < 30:
        return told | {"state": "too_few"}
    interval = stats.binomtest(own, mentions).proportion_ci(method="wilson")
    return told | {
        "state": "value" if own else "zero", "value": own / mentions, "low": interval.low, "high": interval.high,
    }  # fmt: skip


def _chosen(
    nights: dict[dt.date, list[Row]], names: set[str], start: dt.date, due: dt.date
) -> tuple[dt.date | None, str]:
    """Return the first night after the month that searched for all names alike, or why there is none."""
    searches = {
        night: {row["item_id"]: row for row in found if row["kind"] == "search" and row["item_id"] in names}
        for night, found in sorted(nights.items())
    }
    searches = {night: found for night, found in searches.items() if found}
    if not searches:
        return None, "nobody"
    later = {night: found for night, found in searches.items() if night >= due}
    if not later:
        return None, f"last read on {max(searches)}"
    reaching = {night: found for night, found in later.items() if night - REACH * DAY <= start}
    for night, found in reaching.items():
        if found.keys() == names and all(row["state"] == "whole" for row in found.values()):
            return night, ""
    if not reaching:
        return None, f"not known before {min(later) - REACH * DAY}"
    cut = any(row["state"] == "truncated" for found in later.values() for row in found.values())
    return None, "more is found of a name than is read" if cut else "a name was not searched for"


def figures(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, dt.date], Row]:
    found = rows(connection, "select * from metrics.share_of_voice")
    assert {(row["site"], row["part"]) for row in found} <= {("", "")}
    return {(row["practice_id"], row["month"]): row for row in found}


def differing(found: dict[tuple[str, dt.date], Row], inputs: Inputs) -> list[object]:
    practices = {practice["practice_id"]: practice for practice in inputs["practices"]}
    wrong: list[object] = []
    for (practice_id, month), row in found.items():
        for name, value in account(inputs, practices[practice_id], month).items():
            there = row[name]
            same = (
                there is not None and float(there) == pytest.approx(value, abs=1e-6)
                if isinstance(value, float)
                else there == value
            )
            if not same:
                wrong.append((practice_id, month, name, there, value))
    return wrong


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.integers(0, 120))
def test_the_share_is_what_the_slow_account_says(voice_models: Compiled, seed: int, days: int) -> None:
    talks = [talk_of(seed + number, f"p{number}", busy=2) for number in range(6)]
    inputs = with_names(rows_of(talks, AS_OF - 60 * DAY + days * DAY), seed)
    with replayed(voice_models, inputs) as connection:
        found = figures(connection)
        assert found
        assert differing(found, inputs) == []


def test_the_generated_searches_are_worth_an_account(voice_models: Compiled) -> None:
    inputs = with_names(rows_of([talk_of(number, f"p{number}", busy=2) for number in range(60)], AS_OF), 1)
    with replayed(voice_models, inputs) as connection:
        found = figures(connection)
    assert differing(found, inputs) == []
    assert {row["state"] for row in found.values()} >= {"value", "too_few", "not_measured"}
    said = " | ".join(str(row["reason"]) for row in found.values())
    for reason in (
        "no other practices were named",
        "no platform was searched for their names",
        "more is found of a name than is read",
        "a name was not searched for",
        "last read on",
        "not known before",
        "; without ",
        "beside Elm Dental, Pine Dental",
    ):
        assert reason in said, reason


def test_who_others_are_named_by_moves_nothing_else(models: Compiled) -> None:
    """Every other table, row by row in its order, is as it is where nobody is searched for."""
    plain = rows_of([talk_of(number, f"p{number}") for number in range(8)], AS_OF)
    named = with_names(plain, 3)
    assert len(named["features"]) > len(plain["features"])
    told = []
    for inputs in (plain, named):
        with replayed(models, inputs) as connection:
            tables = [(schema, name) for schema, name, _ in models if name not in OF_NAMES]
            hashes = {
                name: connection.execute(_EXPORT.format(table=f"{schema}.{name}")).fetchall() for schema, name in tables
            }
            others = rows(connection, "select * from reports.figures where metric <> 'share_of_voice' order by all")
            shares = rows(connection, "select state from reports.figures where metric = 'share_of_voice'")
            told.append((hashes, others))
    assert {row["state"] for row in shares} > {"not_measured"}
    assert told[0] == told[1]
    assert len(told[0][0]) > 90
