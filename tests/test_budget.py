"""The forecast of costs: three hundred practices fit, more never costs less, and an excess says its ways out."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import doctor
from pipelines.budget import LONGEST_NIGHT_MINUTES, Forecast, Load, forecast, loads
from pipelines.fetch import fetch
from pipelines.gate import ending_keys, night_verdict
from pipelines.landing import DataDir, Receipt, write_bytes
from pipelines.practices import Practices
from pipelines.records import RECORDS, write_table
from pipelines.settings import Settings, load_settings
from pipelines.sources import Cost, load_source, source_names
from tests.conftest import serving
from tests.sources.stand_in import NIGHT, configured
from tests.sources.stand_in_x import StandIn

PRICED = [name for name in source_names() if load_source(name).SOURCE.cost]
# What three hundred practices need beyond the smallest plans: quotas that were asked for, and money that was agreed.
PLANS: dict[str, Any] = {
    "calls_a_day": {"yelp": 5_000, "linkedin": 25_000},
    "per_minute": {"linkedin": 120},
    "dollars_a_month": {"x": 500},
}


def one(load: Load, **settings: Any) -> Forecast:
    [found] = forecast([load], Settings(**settings))
    return found


@pytest.mark.parametrize("name", PRICED)
def test_three_hundred_practices_on_every_source_fit_the_quotas(name: str) -> None:
    found = one(Load(name, "", 300), **PLANS)
    assert not found.problems, "\n".join(f"{problem.what}: {'; or '.join(problem.fixes)}" for problem in found.problems)


def test_an_excess_of_a_quota_lists_its_ways_out() -> None:
    found = one(Load("yelp", "", 300))
    [problem] = found.problems
    assert problem.what == "the 1st of a month needs 600 requests with one key, and a day has 300"
    assert problem.fixes == (
        "ask Yelp for 600 requests a day, then set RAPPORT_CALLS_A_DAY",
        "use 2 keys with at most 150 practices each: `key` in practices.toml",
        "take yelp out of 150 practices",
    )
    assert not one(Load("yelp", "", 150)).problems, "what it proposes fits"
    assert not one(Load("yelp", "", 300), calls_a_day={"yelp": 600}).problems


def test_a_quota_too_small_for_one_practice_proposes_no_keys() -> None:
    [problem] = one(Load("yelp", "", 1), calls_a_day={"yelp": 1}).problems
    assert problem.fixes == (
        "ask Yelp for 2 requests a day, then set RAPPORT_CALLS_A_DAY",
        "take yelp out of 1 practices",
    )


def test_the_first_of_a_month_is_what_a_quota_must_hold() -> None:
    """LinkedIn's smallest plan has 500 requests, and a sweep costs 60."""
    assert not one(Load("linkedin", "", 8)).problems
    [problem] = one(Load("linkedin", "", 9)).problems
    assert problem.fixes[1] == "use 2 keys with at most 8 practices each: `key` in practices.toml"


def test_an_excess_of_money_lists_its_ways_out() -> None:
    # 26 nights of 10 items and 5 sweeps of 12, half a cent each.
    found = one(Load("x", "", 100), dollars_a_month={"x": 80})
    assert found.dollars_a_month == Decimal("160.00")
    [problem] = found.problems
    assert problem.fixes == (
        "raise the limit in RAPPORT_DOLLARS_A_MONTH to 160.00",
        "take x out of 50 practices",
    )
    assert "limit $80" in str(found)
    assert not one(Load("x", "", 50), dollars_a_month={"x": 80}).problems
    assert "no limit set" in str(one(Load("x", "", 100)))


def test_a_night_that_is_too_short_lists_its_ways_out() -> None:
    found = one(Load("care_opinion", "", 100), per_minute={"care_opinion": 5})
    assert found.sweep_minutes > LONGEST_NIGHT_MINUTES
    [problem] = found.problems
    faster, fewer = problem.fixes
    pace = int(faster.split(" for ")[1].split()[0])
    fit = 100 - int(fewer.split(" out of ")[1].split()[0])
    assert "RAPPORT_PER_MINUTE" in faster
    assert not one(Load("care_opinion", "", 100), per_minute={"care_opinion": pace}).problems
    assert one(Load("care_opinion", "", 100), per_minute={"care_opinion": pace - 1}).problems
    assert not one(Load("care_opinion", "", fit), per_minute={"care_opinion": 5}).problems
    assert one(Load("care_opinion", "", fit + 1), per_minute={"care_opinion": 5}).problems


def test_keys_have_quotas_of_their_own_and_share_a_pace_and_a_limit_of_money() -> None:
    found = forecast([Load("x", "", 60), Load("x", "elm", 40)], Settings(calls_a_day={"x": 500}))
    assert [one.calls for one in found] == [480, 320]
    assert not any(one.problems for one in found)
    assert {one.dollars_a_month for one in found} == {Decimal("160.00")}
    assert len({one.minutes for one in found}) == 1
    assert found[0].minutes == pytest.approx(800 / 30)


@given(
    name=st.sampled_from(PRICED),
    practices=st.integers(1, 2_000),
    more=st.integers(0, 500),
    quota=st.integers(1, 20_000),
    pace=st.floats(0.5, 1_000),
    dollars=st.decimals(1, 5_000, places=2),
)
def test_more_practices_never_cost_less_and_more_room_never_makes_a_problem(
    name: str, practices: int, more: int, quota: int, pace: float, dollars: Decimal
) -> None:
    def at(count: int, room: int) -> Forecast:
        return one(
            Load(name, "", count),
            calls_a_day={name: quota * room},
            per_minute={name: pace * room},
            dollars_a_month={name: dollars * room},
        )

    few, many, roomy = at(practices, 1), at(practices + more, 1), at(practices, 2)
    assert many.calls >= few.calls
    assert many.sweep_calls >= few.sweep_calls
    assert many.minutes >= few.minutes
    assert many.dollars_a_month >= few.dollars_a_month
    assert len(many.problems) >= len(few.problems) >= len(roomy.problems)
    assert all(problem.fixes for problem in many.problems)


@given(cost=st.integers(1, 50), more=st.integers(0, 50), practices=st.integers(1, 400))
def test_a_head_whose_cost_rises_never_fits_better(cost: int, more: int, practices: int) -> None:
    from pipelines.budget import _forecast

    def with_cost(calls: int) -> Forecast:
        head = msgspec.structs.replace(
            load_source("yelp").SOURCE, cost=Cost(calls=calls, sweep_calls=calls, calls_a_day=5_000)
        )
        return _forecast(Load("yelp", "", practices), practices, head, Settings())

    assert len(with_cost(cost + more).problems) >= len(with_cost(cost).problems)


def practices_on(*blocks: dict[str, Any]) -> Practices:
    named = [{"id": f"p{n}", "name": f"P {n}", **block} for n, block in enumerate(blocks)]
    return Practices.model_validate({"practice": named})


X = {"x": {"user": "1", "handle": "a"}}
YELP = {"yelp": {"business": "b"}}


def test_practices_are_counted_by_source_and_key(data: DataDir) -> None:
    practices = practices_on(X, X | YELP, {"x": {"user": "2", "handle": "b", "key": "elm"}}, {})
    assert loads(practices, data.exports) == [Load("x", "", 2), Load("x", "elm", 1), Load("yelp", "", 1)]


def receipt(data: DataDir, source: str, label: str, night: dt.date, **said: Any) -> None:
    folder = data.pages(source, night) / label
    held = Receipt(source=source, night=night, label=label, about={"practice_id": label}, **said)
    write_bytes(folder / "receipt.json", msgspec.json.encode(held))


def findings(data: DataDir, practices: Practices, patch: pytest.MonkeyPatch, tmp_path: Path) -> list[doctor.Finding]:
    toml = "".join(
        f'[[practice]]\nid = "{p.id}"\nname = "{p.name}"\n'
        + (f'yelp = {{ business = "{p.yelp.business}", key = "{p.yelp.key}" }}\n' if p.yelp else "")
        for p in practices.practice
    )
    (tmp_path / "practices.toml").write_text(toml)
    patch.setenv("RAPPORT_PRACTICES_FILE", str(tmp_path / "practices.toml"))
    patch.setenv("RAPPORT_DATA_DIR", str(data.root))
    return doctor.examine(NIGHT)


def test_the_doctor_says_what_a_source_costs_and_what_was_left_last_night(
    data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    practices = practices_on(YELP, YELP)
    before = NIGHT - dt.timedelta(days=1)
    receipt(data, "yelp", "p0", before, quota_left=3)
    receipt(data, "yelp", "p0", NIGHT, quota_left=290, why="two things were left out")
    receipt(data, "yelp", "p1", NIGHT, quota_left=288)
    [found] = [f for f in findings(data, practices, monkeypatch, tmp_path) if f.check == "source yelp budget"]
    assert found.state == "ok"
    assert found.said.startswith("2 practices: 4 requests on most nights, 4 on the 1st, of 300 a day; 1 and 1 minutes")
    assert f"288 left after the night of {NIGHT}" in found.said
    assert "p0: two things were left out" in found.said
    monkeypatch.setenv("RAPPORT_CALLS_A_DAY", json.dumps({"yelp": 3}))
    [found] = [f for f in findings(data, practices, monkeypatch, tmp_path) if f.check == "source yelp budget"]
    assert found.state == "bad"
    assert found.mend.count(" or ") == 2
    assert "RAPPORT_CALLS_A_DAY" in found.mend


def test_a_source_nobody_uses_has_no_budget(data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not [f for f in findings(data, practices_on({}), monkeypatch, tmp_path) if "budget" in f.check]


@pytest.mark.parametrize(("days", "named"), [(-3, True), (0, True), (7, True), (8, False), (None, False)])
def test_a_key_that_ends_within_a_week_is_named_with_its_day_by_doctor_and_verdict(
    days: int | None, named: bool, data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    practices = practices_on({"yelp": {"business": "b", "key": "elm"}})
    ends = None if days is None else NIGHT + dt.timedelta(days=days)
    receipt(data, "yelp", "p0", NIGHT, key_expires_on=ends)
    path = data.completeness("yelp", NIGHT)
    path.parent.mkdir(parents=True)
    from pipelines.records import COMPLETENESS

    write_table([], COMPLETENESS, path)
    verdict = night_verdict(NIGHT, practices, data)
    warned = [f for f in findings(data, practices, monkeypatch, tmp_path) if f.check == "key yelp"]
    assert verdict.startswith(f"the night of {NIGHT} is whole: 0 visits read")
    assert (f"RAPPORT_KEY_YELP__ELM ends on {ends}" in verdict) == named
    assert [(f.state, f.said) for f in warned] == [("warning", f"RAPPORT_KEY_YELP__ELM ends on {ends}")] * named


def test_the_newest_visit_with_a_key_says_when_it_ends(data: DataDir) -> None:
    practices = practices_on(YELP, YELP)
    soon, later = NIGHT + dt.timedelta(days=2), NIGHT + dt.timedelta(days=300)
    receipt(data, "yelp", "p0", NIGHT - dt.timedelta(days=1), key_expires_on=soon)
    assert [key.ends_on for key in ending_keys(NIGHT, practices, data)] == [soon]
    receipt(data, "yelp", "p1", NIGHT, key_expires_on=later)
    assert ending_keys(NIGHT, practices, data) == []
    assert [key.ends_on for key in ending_keys(NIGHT - dt.timedelta(days=1), practices, data)] == [soon]


@pytest.mark.parametrize("written", ["2026-11-05", None])
def test_the_day_an_operator_wrote_beside_a_key_is_in_the_receipt(
    written: str | None, data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with serving(StandIn(1)) as base:
        settings = configured(StandIn, base, monkeypatch)
        monkeypatch.setenv("RAPPORT_KEY_X", json.dumps(StandIn.key | ({"expires_on": written} if written else {})))
        fetch("x", NIGHT, StandIn.practices(), data, settings, say=said.append)
    [held] = data.receipts("x", NIGHT)
    assert held.key_expires_on == (dt.date(2026, 11, 5) if written else None)
    assert any("ends on 2026-11-05" in line for line in said) == bool(written)


def test_what_a_platform_says_of_its_key_is_surer_than_what_was_written(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.sources.stand_in_linkedin import StandIn as LinkedIn

    town = LinkedIn(1)
    town.lives_seconds = 3 * 86_400
    with serving(town) as base:
        settings = configured(LinkedIn, base, monkeypatch)
        monkeypatch.setenv("RAPPORT_KEY_LINKEDIN", json.dumps(LinkedIn.key | {"expires_on": "2027-05-31"}))
        fetch("linkedin", NIGHT, LinkedIn.practices(), data, settings, say=lambda line: None)
    [held] = data.receipts("linkedin", NIGHT)
    assert held.key_expires_on == NIGHT + dt.timedelta(days=3)


def test_what_was_left_out_on_purpose_is_in_the_verdict(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.read import read

    with serving(StandIn(30)) as base:
        configured(StandIn, base, monkeypatch)
        monkeypatch.setenv("RAPPORT_DOLLARS_A_MONTH", json.dumps({"x": 2}))
        fetch("x", NIGHT, StandIn.practices(), data, load_settings(), say=lambda line: None)
    read("x", NIGHT, StandIn.practices(), data, say=lambda line: None)
    assert "x, riverside: left out for the month's limit of dollars" in night_verdict(NIGHT, StandIn.practices(), data)


def test_the_doctor_names_numbers_that_have_no_meaning_yet(
    data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = dict.fromkeys(RECORDS.names) | {"kind": "metric", "source": "x", "night": NIGHT, "mentions": []}
    path = data.records("x", NIGHT)
    path.parent.mkdir(parents=True)
    write_table([row | {"metric": "applause_count"}, row | {"metric": "like_count"}], RECORDS, path)
    [found] = [f for f in findings(data, practices_on({}), monkeypatch, tmp_path) if f.check == "source x numbers"]
    assert (found.state, found.said) == ("warning", "counts that have no meaning yet: applause_count")
