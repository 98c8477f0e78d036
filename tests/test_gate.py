"""The gates: a night that is not whole is named, a month that is not complete is held, and a person must approve."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from pipelines.build import build
from pipelines.errors import NotReady, SeveralFailed
from pipelines.gate import month_readiness, night_verdict
from pipelines.landing import DataDir, atomic_path
from pipelines.practices import GoogleLocation, Practice, Practices
from pipelines.records import COMPLETENESS, FEATURES, Completeness, write_table

OCTOBER = dt.date(2026, 10, 1)
PRACTICES = Practices(
    practice=tuple(
        Practice(id=name, name=name.title(), google_business=GoogleLocation(location=f"accounts/1/locations/{name}"))
        for name in ("oak", "elm")
    )
)


def night(data: DataDir, on: dt.date, **statuses: str) -> None:
    rows = [
        Completeness(
            source="google_business",
            site="google",
            night=on,
            label=name,
            practice_id=name,
            status="ok" if status == "ok" else "failed",
            complete=status == "ok",
            can_reply=True,
            expected=0,
            fetched=0,
            set_aside=0,
            why=None if status == "ok" else status,
        )
        for name, status in statuses.items()
    ]
    with atomic_path(data.completeness("google_business", on)) as partial:
        write_table(map(msgspec.structs.asdict, rows), COMPLETENESS, partial)
    with atomic_path(data.features("google_business", on)) as partial:
        write_table([], FEATURES, partial)


def test_a_whole_night(data: DataDir) -> None:
    night(data, dt.date(2026, 11, 1), oak="ok", elm="ok")
    assert night_verdict(dt.date(2026, 11, 1), PRACTICES, data) == "the night of 2026-11-01 is whole: 2 visits read"


def test_a_night_names_what_is_missing_and_why(data: DataDir) -> None:
    night(data, dt.date(2026, 11, 1), oak="ok", elm="the key may not read this profile")
    with pytest.raises(SeveralFailed, match="google_business, elm: the key may not read this profile") as raised:
        night_verdict(dt.date(2026, 11, 1), PRACTICES, data)
    assert "oak" not in str(raised.value)


def test_a_source_that_was_not_read_is_missing(data: DataDir) -> None:
    with pytest.raises(SeveralFailed, match=r"google_business: was not read\. See `rapport read google_business"):
        night_verdict(dt.date(2026, 11, 1), PRACTICES, data)


def test_a_practice_whose_site_was_not_read_after_the_month_is_held_and_the_others_are_not(data: DataDir) -> None:
    night(data, dt.date(2026, 10, 31), oak="ok", elm="ok")
    night(data, dt.date(2026, 11, 1), oak="ok", elm="Google does not renew the key")
    build(data, PRACTICES, None, lambda line: None)
    oak, elm = sorted(month_readiness(OCTOBER, PRACTICES, data), key=lambda answer: answer.practice_id, reverse=True)
    assert (oak.practice_id, oak.ready) == ("oak", True)
    assert (elm.ready, elm.why) == (False, "google_business last read 2026-10-31")


def test_nothing_waits_for_a_source_that_is_not_connected(data: DataDir) -> None:
    night(data, dt.date(2026, 11, 1), oak="ok", elm="ok")
    row = Completeness(
        source="trustpilot", site="trustpilot", night=dt.date(2026, 11, 1), label="oak", practice_id="oak",
        status="skipped", complete=False, can_reply=True, expected=None, fetched=0, set_aside=0, why="no key",
    )  # fmt: skip
    path = data.completeness("trustpilot", dt.date(2026, 11, 1))
    path.parent.mkdir(parents=True)
    write_table([msgspec.structs.asdict(row)], COMPLETENESS, path)
    build(data, PRACTICES, None, lambda line: None)
    assert all(answer.ready for answer in month_readiness(OCTOBER, PRACTICES, data))
    assert "whole" in night_verdict(dt.date(2026, 11, 1), PRACTICES, data)


def test_no_practice_ready_is_an_error_that_says_which_night_to_run(data: DataDir) -> None:
    night(data, dt.date(2026, 10, 31), oak="ok", elm="ok")
    build(data, PRACTICES, None, lambda line: None)
    with pytest.raises(NotReady, match=r"no practice has a complete 2026-10.*Run the night of 2026-11-01"):
        month_readiness(OCTOBER, PRACTICES, data)
