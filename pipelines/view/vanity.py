"""The appendix: numbers that no score is made with, as the platforms gave them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.advice import site_name
from pipelines.locales import _, whole
from pipelines.pdf import clean
from pipelines.reasons import reason_words
from pipelines.wording import NONE, Row

MOST_VANITY = 90

# Characters of a name that fit on its line.
_LINE = 30


@dataclass(frozen=True)
class VanityGroup:
    """Numbers of one site that move no score and were counted alike: the platform's name of each, and its value."""

    site: str
    how: str
    numbers: tuple[tuple[str, str], ...]

    @property
    def height(self) -> int:
        """Return about how many lines it takes: its heading of two lines or three, a gap, and longer names take two."""
        return 3 + len(self.how) // _LINE + sum(1 + len(name) // _LINE for name, _ in self.numbers)


def vanity_columns(rows: Sequence[Row], number: int = 3) -> tuple[tuple[VanityGroup, ...], ...]:
    """Return the numbers that no score is made with, by site and way of counting, in columns of about one height.

    A number that a platform did not give is left out.
    """
    held: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in _given(rows)[:MOST_VANITY]:
        value = NONE if row["value"] is None else whole(int(row["value"]))
        how = _capital(clean(reason_words(str(row["break_note"] or row["counted"] or "")), 60))
        held.setdefault((str(row["site"]), how), []).append((_plain_metric(str(row["metric"])), value))
    groups = [VanityGroup(clean(site_name(site), 40), how, tuple(numbers)) for (site, how), numbers in held.items()]
    # Filled in order, each up to its part of the height, so that a site's numbers stay together.
    columns: list[list[VanityGroup]] = [[] for _ in range(number)]
    above, all_lines = 0, sum(group.height for group in groups)
    for group in groups:
        columns[min(number * (2 * above + group.height) // (2 * all_lines), number - 1)].append(group)
        above += group.height
    return tuple(tuple(column) for column in columns if column)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain_metric(metric: str) -> str:
    """Return a platform's name of a number in small letters with spaces: "clickCount" and "CALL_CLICKS" alike."""
    if metric == "left_out":
        # Ours and no platform's: posts of strangers who want to be read on the platform alone.
        return _("left out, as authors wish")
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", metric).replace("_", " ").replace(".", " ")
    return clean(spaced.lower(), 40)


def _given(rows: Sequence[Row]) -> list[Row]:
    # Notes alone on what is no longer given would be a page without a number.
    if all(row["value"] is None for row in rows):
        return []
    return [row for row in rows if row["value"] is not None or row["break_note"]]


def more_vanity(rows: Sequence[Row]) -> str:
    """Return how many numbers the appendix leaves out because a page holds no more; the attached files have them."""
    more = len(_given(rows)) - MOST_VANITY
    if more <= 0:
        return ""
    return _("Numbers left out here for want of room: {number}. They are in the attached files.", number=whole(more))
