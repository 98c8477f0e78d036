"""How a report writes numbers, days, months and lists: fixed places, the locale's marks, and the rules for percentages.

The English writes a day as 3 Feb 2026 and a list without a comma before its last word; every other form is the
locale's own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from pipelines.locales import _, ngettext, spoken, whole

ENOUGH_FOR_A_PERCENT = 30
NONE = "\u2013"
_ENGLISH_LISTS = Locale.parse("en_001")
# "y" and "o" change before their own sound, which the locale's pattern does not know: "Yelp e Instagram".
_SPANISH_AND = re.compile(r" y (?=h?[ií](?![aeou]))", re.IGNORECASE)
Row = Mapping[str, Any]


def decimal(value: float | Decimal, places: str = "0.1") -> str:
    rounded = Decimal(str(value)).quantize(Decimal(places), ROUND_HALF_UP)
    return format_decimal(rounded, format=places.replace("1", "0"), locale=spoken().locale)


def share(numerator: int, size: int) -> str:
    """Return "3 of 9"; the percentage joins it only from 30 on, where it means something."""
    if size < ENOUGH_FOR_A_PERCENT:
        return of(numerator, size)
    rounded = (Decimal(100 * numerator) / size).quantize(Decimal(1), ROUND_HALF_UP) / 100
    percent = format_percent(rounded, locale=spoken().locale)
    return _("{part} of {all} ({percent})", part=whole(numerator), all=whole(size), percent=percent)


def of(part: int, size: int) -> str:
    return _("{part} of {all}", part=whole(part), all=whole(size))


def share_cell(row: Row | None) -> str:
    if row is None or row["numerator"] is None or not row["sample_size"]:
        return NONE
    return share(int(row["numerator"]), int(row["sample_size"]))


def reviews(number: int) -> str:
    """Return "1 review", "3 reviews", with a space that does not break, as all of its kind below."""
    return ngettext("{number}\u00a0review", "{number}\u00a0reviews", number)


def days(number: int) -> str:
    return ngettext("{number}\u00a0day", "{number}\u00a0days", number)


def people(number: int) -> str:
    return ngettext("{number}\u00a0person", "{number}\u00a0people", number)


def hours_words(hours: float) -> str:
    """Return a span of time as a person says it: hours up to two days, then days."""
    if hours < 1:
        return _("under an hour")
    if hours < 48:
        return ngettext("{number}\u00a0hour", "{number}\u00a0hours", round(hours))
    return days(round(hours / 24))


def more_in_file(number: int, file: str) -> str:
    """Return the line below a list that has no room for `number` more of its rows."""
    return ngettext(
        "And {number}\u00a0more, in the attached file {file}.",
        "And {number}\u00a0more, in the attached file {file}.",
        number,
        file=file,
    )


def listed(names: Iterable[str]) -> str:
    """Return "Google", "Google and Yelp" or "Google, Yelp and Zocdoc"."""
    locale = spoken().locale
    said = format_list(list(names), locale=_ENGLISH_LISTS if locale.language == "en" else locale)
    return _SPANISH_AND.sub(" e ", said) if locale.language == "es" else said


def long_month(month: dt.date) -> str:
    return format_skeleton("yMMMM", month, locale=spoken().locale)


def month_word(month: dt.date) -> str:
    return format_date(month, "LLLL", locale=spoken().locale)


def short_month(month: dt.date) -> str:
    return format_date(month, "LLL", locale=spoken().locale)


def written_day(day: dt.date) -> str:
    return format_date(day, "d MMM y", locale=spoken().locale)


def day_of_year(day: dt.date) -> str:
    return format_skeleton("MMMMd", day, locale=spoken().locale)


def dated(text: str) -> str:
    """Write the ISO dates in a text as the report writes days."""
    return re.sub(r"\b(20\d\d-\d\d-\d\d)\b", lambda found: written_day(dt.date.fromisoformat(found[1])), text)


def sentence(text: str) -> str:
    """Return a text with a capital in front and a full stop behind."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
