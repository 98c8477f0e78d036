"""Nights and months."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import UnknownName
from pipelines.periods import add_months, last_day, local_time, month_end, parse_month, parse_night

days = st.dates(dt.date(1970, 1, 1), dt.date(2200, 12, 31))


@pytest.mark.parametrize("text", ["2026-13-01", "2026-2-1", "20261101", "today", "", "2026-11-01T00:00"])
def test_a_night_is_a_whole_date(text: str) -> None:
    with pytest.raises(UnknownName, match="is not a night"):
        parse_night(text)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "October", "2026-10-01"])
def test_a_month_is_a_year_and_a_month(text: str) -> None:
    with pytest.raises(UnknownName, match="is not a month"):
        parse_month(text)


@given(days, st.integers(-600, 600))
def test_months_add_up(day: dt.date, months: int) -> None:
    first = day.replace(day=1)
    assert add_months(add_months(first, months), -months) == first
    assert (last_day(first) + dt.timedelta(days=1)).day == 1


def test_a_month_ends_at_midnight_where_the_practice_is() -> None:
    assert (
        month_end(dt.date(2026, 10, 1), "America/Chicago").astimezone(dt.UTC).isoformat() == "2026-11-01T05:00:00+00:00"
    )
    late = dt.datetime(2026, 11, 1, 4, 59, tzinfo=dt.UTC)
    assert local_time(late, "America/Chicago").date() == dt.date(2026, 10, 31)
    assert local_time(late, "Europe/Madrid").date() == dt.date(2026, 11, 1)
