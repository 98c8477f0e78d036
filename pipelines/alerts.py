"""Alerts to operators: what broke, since when, what it means for the month, what to do.

A cause is told once until it is mended: what was told is kept in a small file, by the box it broke and by the error's
own words without their numbers. How an alert travels is its caller's matter.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import RapportError, SeveralFailed
from pipelines.periods import add_months
from pipelines.store import open_store

_NUMBERS = re.compile(r"\d+")
_TABLE = """
create table if not exists cause (
    box text not null,
    name text not null,
    since text not null,
    seen_last text not null,
    told_at text,
    primary key (box, name)
) strict
"""
_NOT_NAMED = "The box's log says what happened; tell the developers if it happens again"
# By the box. {month} is the month at stake, {after} the first day that is behind it.
_MEANS = {
    "nightly.score": "Nothing of this night is in the figures yet. {month} loses nothing if a night from {after} on is "
    "scored.",
    "nightly.build": "The warehouse of the night before still stands. {month} can be reported once a build passes.",
    "nightly.urgent": "Somebody may not know yet of something that should not wait for the report of {month}.",
    "nightly.verdict": "Whoever is named here gets no report of {month} before a night from {after} on has read "
    "everything. All others are not touched.",
    "nightly.late": "Nothing is lost, but the figures are those of the night before.",
    "monthly.gate": "No report of {month} can be made yet.",
    "monthly.render": "Who is named here has no report of {month} yet; the others are made and wait for approval.",
    "monthly.approve": "No report of {month} has gone out.",
    "monthly.verdict": "Who is named here does not have the report of {month}.",
    "monthly.late": "The reports of {month} are not with their recipients.",
    "housekeeping.purge": "No report is touched, but something is kept longer than its terms allow.",
    "housekeeping.bounces": "A recipient gets no more mail, and so no report of {month}, until a person decides.",
}
_MEANS_NOTHING = "No report of {month} is touched."


class Cause(NamedTuple):
    """One thing that is broken: `name` is the same on every night on which it is."""

    name: str
    what: str
    next_step: str


class Told(NamedTuple):
    """A cause with the night or month since which it stands."""

    cause: Cause
    since: str


def causes_of(error: BaseException | None) -> list[Cause]:
    """Return what is broken, each cause once. Of an error that is not ours nothing but its kind is said."""
    if isinstance(error, SeveralFailed):
        found = [_cause(failure, failure.next_step or error.next_step) for failure in error.failures]
    elif isinstance(error, RapportError):
        found = [_cause(error, error.next_step)]
    elif error is None:
        found = [Cause("ended", "the box ended without saying why", _NOT_NAMED)]
    else:
        kind = type(error).__name__
        found = [Cause(kind, f"an unexpected {kind}", _NOT_NAMED)]
    return list({cause.name: cause for cause in found}.values())


def _cause(error: RapportError, next_step: str) -> Cause:
    what = f"{error.where}: {error.what}" if error.where else error.what
    return Cause(f"{type(error).__name__} {_NUMBERS.sub('#', what)}", what, next_step)


class Announced:
    """The file of causes. `about` is the night or the month a run was about, as ISO text, so that it can be ordered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_store(self._path) as db:
            db.execute(_TABLE)

    def broken(self, box: str, causes: Sequence[Cause], about: str) -> list[Told]:
        """Note what is broken in a box, and return what nobody was told of yet."""
        self._forget(box, about, {cause.name for cause in causes})
        with open_store(self._path) as db:
            db.executemany(
                "insert into cause values (?1, ?2, ?3, ?3, null) on conflict do update set "
                "seen_last = max(seen_last, excluded.seen_last), since = min(since, excluded.since)",
                [(box, cause.name, about) for cause in causes],
            )
            held = db.execute("select name, since from cause where box = ? and told_at is null", (box,))
            since = dict(held.fetchall())
        return [Told(cause, since[cause.name]) for cause in causes if cause.name in since]

    def told(self, box: str, told: Sequence[Told], now: str) -> None:
        """Note that somebody was told; `now` is ISO 8601."""
        with open_store(self._path) as db:
            db.executemany(
                "update cause set told_at = ? where box = ? and name = ?",
                [(now, box, one.cause.name) for one in told],
            )

    def mended(self, box: str, about: str) -> None:
        """Forget what was broken in a box; an old night that ends well says nothing of a newer one."""
        self._forget(box, about, set())

    def _forget(self, box: str, about: str, kept: set[str]) -> None:
        with open_store(self._path) as db:
            names = db.execute("select name from cause where box = ? and seen_last <= ?", (box, about)).fetchall()
            db.executemany(
                "delete from cause where box = ? and name = ?", [(box, name) for (name,) in names if name not in kept]
            )


def alert(dag: str, task: str, at_stake: dt.date, told: Sequence[Told], where: str) -> tuple[str, str]:
    """Return an alert's subject and its text. `at_stake` is a month's first day, `where` the box's page."""
    first, others = told[0], len(told) - 1
    more = f" and {others} more" if others else ""
    subject = f"Rapport: {dag}, {task}: {first.cause.what[:80]}{more}"
    meaning = _MEANS.get(f"{dag}.{task}", _MEANS_NOTHING)
    lines = [
        "What broke",
        *(f"- {one.cause.what} (since {one.since})" for one in told),
        "",
        "What it means for the month",
        meaning.format(month=f"{at_stake:%B %Y}", after=add_months(at_stake, 1)),
        "",
        "What to do",
        *dict.fromkeys(f"- {one.cause.next_step or _NOT_NAMED}" for one in told),
        "",
        f"The box and its log: {where}" if where else "The box and its log are in the Airflow UI.",
        "Each red box is explained on its DAG's page. This cause is not told again until it is mended.",
    ]
    return " ".join(subject.split()), "\n".join(lines)
