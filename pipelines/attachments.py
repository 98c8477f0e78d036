"""The figures a report shows, as files inside its PDF: JSON for programs, CSV for a spreadsheet.

Both hold the rows the report was made of and nothing else: numbers, names of sites and metrics, and the reason where a
number is missing. What is worth a look, and what needs an answer, are files of their own, with links and in the
report's language, for a page has room for some of it only. Equal rows give equal bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from pipelines.locales import _
from pipelines.pdf import Attached
from pipelines.view.looks import LookRow, looks_file
from pipelines.view.summary import MOST_WAITING, WaitingRow, waiting_file
from pipelines.wording import Row

COLUMNS = (*("site", "month", "metric", "part", "value", "low", "high", "numerator", "sample_size", "state", "reason"),)
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def files(
    month: str,
    about: Mapping[str, str],
    tables: Mapping[str, Sequence[Row]],
    looks: Sequence[LookRow],
    waiting: Sequence[WaitingRow],
) -> list[Attached]:
    """Return the files of a month's report ("2026-10"), described in the language spoken.

    `tables` are the rows by name, of which `figures` make the spreadsheet.
    """
    found = [
        Attached(f"figures-{month}.json", _("The figures of this report, for programs"), figures_json(about, tables)),
        Attached(
            f"figures-{month}.csv",
            _("The figures of this report, for a spreadsheet"),
            figures_csv(tables["figures"]),
        ),
    ]
    if looks:
        words = _("Reviews, replies and comments worth a look, with their links")
        found.append(Attached(looks_file(month), words, looks_csv(looks)))
    if len(waiting) > MOST_WAITING:
        words = _("Reviews that need an answer, with draft replies")
        found.append(Attached(waiting_file(month), words, waiting_csv(waiting)))
    return found


def figures_csv(figures: Sequence[Row]) -> bytes:
    """Return the figures as CSV in UTF-8, one a line; text a spreadsheet would run gets an apostrophe before it."""
    return _csv(COLUMNS, ([row[column] for column in COLUMNS] for row in figures))


def looks_csv(looks: Sequence[LookRow]) -> bytes:
    """Return what is worth a look as CSV in UTF-8, one text a line, under headings in the language spoken."""
    heads = (_("Site"), _("What"), _("Signs of"), _("Written"), _("Link"))
    return _marked_csv(heads, ([row.site, row.what, row.signs, row.day, row.url] for row in looks))


def waiting_csv(waiting: Sequence[WaitingRow]) -> bytes:
    """Return what needs an answer as CSV in UTF-8, one review a line, under headings in the language spoken.

    A review that a person has to read first has no draft, and one without stars says what is in their place.
    """
    heads = (_("Site"), _("Written"), _("Stars"), _("Waiting"), _("Link"), _("Draft reply"))
    return _marked_csv(
        heads, ([row.site, row.day, row.stars or row.rated, row.days, row.url, row.draft] for row in waiting)
    )


def _marked_csv(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    """Return CSV beginning with the mark by which a spreadsheet takes its letters for UTF-8."""
    return "\ufeff".encode() + _csv(heads, lines)


def _csv(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([_cell(value) for value in line] for line in lines)
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
    # `json` itself writes indented lines without its encoder in C.
    written = json.dumps(held, ensure_ascii=False, sort_keys=True, default=_plain).encode()
    return msgspec.json.format(written, indent=1) + b"\n"


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
