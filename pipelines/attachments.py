"""The figures a report shows, as files inside its PDF: JSON for programs, CSV for a spreadsheet.

Both hold the rows the report was made of and nothing else: numbers, names of sites and metrics, and the reason where a
number is missing. Equal rows give equal bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipelines.wording import Row

COLUMNS = (*("site", "month", "metric", "part", "value", "low", "high", "numerator", "sample_size", "state", "reason"),)
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def figures_csv(figures: Sequence[Row]) -> bytes:
    """Return the figures as CSV in UTF-8, one a line; text a spreadsheet would run gets an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in figures)
    return out.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def figures_json(about: Mapping[str, str], tables: Mapping[str, Sequence[Row]]) -> bytes:
    """Return what the report is about and its tables of rows as JSON in UTF-8; a missing number is null, never 0."""
    held: dict[str, Any] = {**about, **{name: [dict(row) for row in rows] for name, rows in tables.items()}}
    return json.dumps(held, ensure_ascii=False, sort_keys=True, default=_plain, indent=1).encode() + b"\n"


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
