"""Nights and months: the only places where a date becomes a period.

A night is the local date on which a pull starts, so the night of 1 November is the first to see all of
October. A month is written "2026-10"; it begins and ends at midnight in the practice's own time zone.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from pipelines.errors import UnknownName


def parse_night(text: str) -> dt.date:
    """Return the date written as YYYY-MM-DD. Raises UnknownName for anything else."""
    try:
        night: dt.date | None = dt.date.fromisoformat(text)
    except ValueError:
        night = None
    if night is None or night.isoformat() != text:
        raise UnknownName(f"'{text}' is not a night", next_step="Write a night as 2026-11-01")
    return night


def parse_month(text: str) -> dt.date:
    """Return the first day of the month written as YYYY-MM. Raises UnknownName for anything else."""
    try:
        return parse_night(f"{text}-01")
    except UnknownName:
        raise UnknownName(f"'{text}' is not a month", next_step="Write a month as 2026-10") from None


def month_name(first_day: dt.date) -> str:
    return first_day.strftime("%Y-%m")


def month_of_night(night: dt.date) -> str:
    """Return the month whose days the night reads the last of: the night of the 1st belongs to the month before."""
    return month_name(night - dt.timedelta(days=1))


def half_year(month: str) -> str:
    """Return the half-year of a month: "2026-H1" of "2026-06"."""
    return f"{month[:4]}-H{1 if month[5:] < '07' else 2}"


def add_months(first_day: dt.date, months: int) -> dt.date:
    """Return the first day of the month that lies `months` later (or earlier, if negative)."""
    years, month = divmod(first_day.year * 12 + first_day.month - 1 + months, 12)
    return dt.date(years, month + 1, 1)


def last_day(first_day: dt.date) -> dt.date:
    return add_months(first_day, 1) - dt.timedelta(days=1)


def local_time(instant: dt.datetime, time_zone: str) -> dt.datetime:
    """Return the wall-clock time, without offset, of an aware instant in a practice's time zone."""
    return instant.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def month_end(first_day: dt.date, time_zone: str) -> dt.datetime:
    """Return the aware instant at which the month is over (its exclusive end)."""
    after = add_months(first_day, 1)
    return dt.datetime(after.year, after.month, 1, tzinfo=ZoneInfo(time_zone))
