"""How numbers of the warehouse are written in a report: fixed places, fixed words, and the rules for percentages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pipelines.advice import count, written_day

ENOUGH_FOR_A_PERCENT = 30
NONE = "\u2013"
Row = Mapping[str, Any]


def decimal(value: float | Decimal, places: str = "0.1") -> str:
    return str(Decimal(str(value)).quantize(Decimal(places), ROUND_HALF_UP))


def share(numerator: int, size: int) -> str:
    """Return "3 of 9"; the percentage joins it only from 30 on, where it means something."""
    if size < ENOUGH_FOR_A_PERCENT:
        return f"{numerator:,} of {size:,}"
    return f"{numerator:,} of {size:,} ({decimal(Decimal(100 * numerator) / size, '1')}%)"


def share_cell(row: Row | None) -> str:
    if row is None or row["numerator"] is None or not row["sample_size"]:
        return NONE
    return share(int(row["numerator"]), int(row["sample_size"]))


def hours_words(hours: float) -> str:
    """Return a span of time as a person says it: hours up to two days, then days."""
    if hours < 1:
        return "under an hour"
    return count(round(hours), "hour") if hours < 48 else count(round(hours / 24), "day")


def dated(text: str) -> str:
    """Write the ISO dates in a text as the report writes days."""
    return re.sub(r"\b(20\d\d-\d\d-\d\d)\b", lambda found: written_day(dt.date.fromisoformat(found[1])), text)
