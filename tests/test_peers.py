"""Bands of peers: off by default, of eleven practices at least, only where terms allow it, and nobody's own value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import peers
from pipelines.errors import BadSettings
from pipelines.landing import DataDir
from pipelines.settings import load_settings
from pipelines.sources import load_source, source_names

OCTOBER, NIGHT = dt.date(2026, 10, 1), dt.date(2026, 11, 2)
Given = tuple[str, str, str, str, str | None]


def warehouse(data: DataDir, figures: list[Given], coverage: list[tuple[str, str, str]]) -> None:
    data.warehouse.parent.mkdir(parents=True, exist_ok=True)
    data.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(data.warehouse)) as connection:
        connection.execute("create schema reports")
        connection.execute(
            "create table reports.figures (practice_id varchar, site varchar, month date, metric varchar, "
            "part varchar, value decimal(18, 6))"
        )
        connection.execute(
            "create table reports.coverage (practice_id varchar, site varchar, month date, source varchar)"
        )
        connection.execute("create table reports.build_info (as_of_night date)")
        connection.execute("insert into reports.build_info values (?)", [NIGHT])
        for practice, site, metric, part, value in figures:
            row = [practice, site, OCTOBER, metric, part, value]
            connection.execute("insert into reports.figures values (?, ?, ?, ?, ?, ?)", row)
        for practice, site, source in coverage:
            connection.execute("insert into reports.coverage values (?, ?, ?, ?)", [practice, site, OCTOBER, source])


def town(number: int, source: str = "owner_export") -> tuple[list[Given], list[tuple[str, str, str]]]:
    names = [f"p{place:02}" for place in range(number)]
    figures: list[Given] = [
        (name, "healthgrades", "mean_stars", "", f"{3 + place / 10:.6f}") for place, name in enumerate(names)
    ]
    return figures, [(name, "healthgrades", source) for name in names]


def told(data: DataDir) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(band) for band in peers.bands(data, OCTOBER, on=True)]


def test_peers_are_off_unless_an_operator_turns_them_on(data: DataDir) -> None:
    warehouse(data, *town(11))
    assert load_settings().peer_bands is False
    with pytest.raises(BadSettings, match="no practice is compared"):
        peers.bands(data, OCTOBER, on=load_settings().peer_bands)


def test_eleven_practices_give_a_band_with_its_rule_and_date_and_ten_give_nothing(data: DataDir) -> None:
    warehouse(data, *town(11))
    [band] = told(data)
    # 3.1, 3.2 and 3.3 are around the lower quartile of 3.0 to 4.0.
    assert (band["low"], band["high"], band["practices"]) == (Decimal("3.2"), Decimal("3.8"), 11)
    assert (band["rule"], band["month"], band["as_of_night"]) == (peers.RULE, OCTOBER, NIGHT)
    warehouse(data, *town(10))
    assert told(data) == []


def test_a_source_whose_terms_forbid_it_takes_its_practice_out(data: DataDir) -> None:
    figures, coverage = town(12)
    assert not load_source("google_business").SOURCE.policy.comparable
    warehouse(data, figures, coverage)
    everybody = told(data)
    # The file of one practice's site is joined by an account whose terms forbid it.
    warehouse(data, figures, [*coverage, ("p11", "healthgrades", "google_business")])
    [without] = told(data)
    warehouse(data, *town(11))
    assert [without] == told(data) != everybody
    also = [("p11", "healthgrades", "google_business"), ("p10", "healthgrades", "a module that is gone")]
    warehouse(data, figures, [*coverage, *also])
    assert told(data) == []


def test_what_has_no_value_or_is_of_a_part_is_no_input(data: DataDir) -> None:
    figures, coverage = town(11)
    hidden = [*figures[:-1], (*figures[-1][:4], None)]
    warehouse(data, hidden, coverage)
    assert told(data) == []
    warehouse(data, [*hidden, (*figures[-1][:3], "without the cluster", "3.9")], coverage)
    assert told(data) == []


def test_only_files_of_the_owner_are_free_of_terms_that_forbid_it() -> None:
    assert [name for name in source_names() if load_source(name).SOURCE.policy.comparable] == ["owner_export"]


values = st.lists(st.integers(0, 1000).map(lambda n: Decimal(n) / 1000), min_size=11, max_size=60)


@given(values, st.sampled_from([Decimal("0.1"), Decimal("0.05")]))
def test_an_edge_is_the_rounded_mean_of_the_three_around_a_quartile(of_practices: list[Decimal], step: Decimal) -> None:
    found = peers.band(of_practices, step)
    assert found is not None
    for edge, ordered in zip(found, (sorted(of_practices), sorted(of_practices, reverse=True)), strict=True):
        place = len(ordered) // 4
        around = sum((Fraction(ordered[place + beside]) for beside in (-1, 0, 1)), Fraction(0))
        assert abs(Fraction(edge) - around / 3) <= Fraction(step) / 2
        assert Fraction(edge) % Fraction(step) == 0
    assert found[0] <= found[1]


@given(values, st.data())
def test_no_value_can_be_told_from_a_band(of_practices: list[Decimal], draw: st.DataObject) -> None:
    """One who knows all values but one, and the band, is left with a range of values that give the same band."""
    place = draw.draw(st.integers(0, len(of_practices) - 1))
    step = Decimal("0.1")
    others = of_practices[:place] + of_practices[place + 1 :]
    same = [value for value in _values() if peers.band([*others, value], step) == peers.band(of_practices, step)]
    assert max(same) - min(same) >= Decimal("0.05")


def _values() -> Iterator[Decimal]:
    return (Decimal(n) / 100 for n in range(-200, 301))
