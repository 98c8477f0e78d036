"""Purge: what may no longer be kept is gone as whole files, and nothing else is."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.errors import NotReady
from pipelines.landing import DataDir, Visit, write_bytes
from pipelines.practices import Practices
from pipelines.purge import purge
from pipelines.read import read
from pipelines.settings import Settings
from pipelines.sources import load_source

NIGHT = dt.date(2026, 10, 1)
TEXT_DAYS = load_source("google_business").SOURCE.policy.keep_text_days


def filled(data: DataDir, source: str) -> None:
    visit = Visit(data, source, NIGHT, "oak")
    visit.keep(b"what a patient wrote", "json")
    visit.publish(complete=True)
    for path in (data.records(source, NIGHT), data.features(source, NIGHT), data.completeness(source, NIGHT)):
        write_bytes(path, b"x")


def left(data: DataDir) -> set[str]:
    return {path.relative_to(data.root).parts[0] + path.suffix for path in data.root.rglob("*") if path.is_file()}


def test_texts_go_on_the_day_after_the_last_they_may_be_kept(data: DataDir) -> None:
    filled(data, "google_business")
    last = NIGHT + dt.timedelta(days=TEXT_DAYS)
    assert purge(last, data, Settings(), say=lambda line: None) == []
    gone = purge(last + dt.timedelta(days=1), data, Settings(), say=lambda line: None)
    assert sorted(path.split("/")[0] for path in gone) == ["features", "pages", "records"]
    assert left(data) == {"pages.json", "completeness.parquet"}, "the receipt and the counts hold no words"
    assert purge(last + dt.timedelta(days=1), data, Settings(), say=lambda line: None) == []


def test_an_operator_may_keep_features_longer_and_is_warned(data: DataDir) -> None:
    filled(data, "google_business")
    lines: list[str] = []
    longer = Settings(keep_derived_days={"google_business": 760})
    purge(NIGHT + dt.timedelta(days=400), data, longer, say=lines.append)
    assert left(data) == {"pages.json", "features.parquet", "completeness.parquet"}
    assert any(line.startswith("warning: google_business") and "your setting" in line for line in lines)


def test_each_source_has_its_own_days(data: DataDir) -> None:
    filled(data, "google_business")
    filled(data, "owner_export")
    purge(NIGHT + dt.timedelta(days=100), data, Settings(), say=lambda line: None)
    assert not data.features("google_business", NIGHT).exists()
    assert data.features("owner_export", NIGHT).exists()


def test_what_a_build_has_joined_goes_with_the_nights_it_is_of(data: DataDir) -> None:
    filled(data, "google_business")
    # The night of the 1st is the last of the month before.
    assert NIGHT.day == 1
    of_the_night, of_others = ("2026-09", "2026-H2", f"{NIGHT}"), ("2026-08", "2026-10", "2026-H1", "2026-10-02")
    names = [f"{name}-abc.parquet" for name in (*of_the_night, *of_others)]
    joined = [data.joined("features", "google_business") / name for name in names]
    other = data.joined("features", "owner_export") / names[0]
    for path in (*joined, other):
        write_bytes(path, b"x")
    gone = purge(NIGHT + dt.timedelta(days=100), data, Settings(), say=lambda line: None)
    assert [gone.count(data.relative(path)) for path in joined] == [1, 1, 1, 0, 0, 0, 0]
    assert [path.exists() for path in (*joined, other)] == [False] * 3 + [True] * 5


def test_what_a_first_look_has_built_goes_with_its_features_and_its_report_with_its_month(data: DataDir) -> None:
    look = data.first_look("oak")
    for place in (data, look):
        filled(place, "google_business")
        write_bytes(place.warehouse, b"x")
        write_bytes(place.joined("features", "google_business") / f"{NIGHT:%Y-%m}-abc.parquet", b"x")
        write_bytes(place.build_folder / "inputs" / "features.parquet", b"x")
        write_bytes(place.report("2026-09", "oak"), b"x")
    kept = {place.root: left(place) for place in (data, look)}
    for day, goes in ((NIGHT, False), (NIGHT + dt.timedelta(days=400), True)):
        for place in (data, look):
            purge(day, place, Settings(), say=lambda line: None)
        assert (kept[look.root] - left(look) >= {"warehouse.duckdb.duckdb", "build.parquet"}) == goes
        assert data.warehouse.exists(), "the next night builds it anew"
        assert (data.build_folder / "inputs" / "features.parquet").exists()
        assert look.report("2026-09", "oak").exists()
    purge(dt.date(2028, 11, 1), look, Settings(), say=lambda line: None)
    assert not look.report("2026-09", "oak").exists()
    assert data.report("2026-09", "oak").exists(), "each place is asked for by itself"


def test_what_a_killed_visit_left_is_cleared(data: DataDir) -> None:
    Visit(data, "google_business", NIGHT, "oak").keep(b"what a patient wrote", "json")
    purge(NIGHT, data, Settings(), say=lambda line: None)
    assert left(data) == set()


def test_an_expired_file_is_not_pulled_again_because_its_text_is_gone(data: DataDir) -> None:
    """The receipt stays, so an owner's file is still known."""
    filled(data, "owner_export")
    purge(NIGHT + dt.timedelta(days=31), data, Settings(), say=lambda line: None)
    assert [receipt.label for receipt in data.receipts("owner_export", NIGHT)] == ["oak"]


def test_reading_an_expired_night_again_changes_nothing(data: DataDir) -> None:
    filled(data, "google_business")
    purge(NIGHT + dt.timedelta(days=TEXT_DAYS + 1), data, Settings(), say=lambda line: None)
    held = left(data)
    with pytest.raises(NotReady, match="the pages of the night of 2026-10-01 have expired"):
        read("google_business", NIGHT, Practices(), data, say=lambda line: None)
    assert left(data) == held
    assert data.completeness("google_business", NIGHT).read_bytes() == b"x"


def test_reports_go_after_their_months_and_the_reasons_of_corrections_stay(data: DataDir) -> None:
    months = ("2024-07", "2024-08")
    for month in months:
        for path in (data.report, data.twin, data.manifest, data.restatements):
            write_bytes(path(month, "oak"), b"x")
    assert purge(dt.date(2026, 8, 31), data, Settings(), say=lambda line: None) == []
    gone = purge(dt.date(2026, 9, 1), data, Settings(), say=lambda line: None)
    assert gone == [f"reports/2024-07/oak.{kind}" for kind in ("html", "json", "pdf")]
    assert data.restatements("2024-07", "oak").read_bytes() == b"x"
    assert len(purge(dt.date(2026, 9, 1), data, Settings(report_months=3), say=lambda line: None)) == 3
