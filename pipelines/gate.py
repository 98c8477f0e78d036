"""The questions asked before going on: was the night whole, is the month complete, has everybody their report?

All answer from what the verbs left behind, never from what a scheduler believes.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec

from pipelines.decisions import Decisions
from pipelines.errors import NotReady, RapportError, SeveralFailed
from pipelines.fetch import ANNOUNCE_KEYS_DAYS
from pipelines.landing import DataDir, Receipt
from pipelines.ledger import Key, Ledger
from pipelines.periods import add_months, month_name
from pipelines.practices import Practices
from pipelines.read import read_left_out
from pipelines.records import COMPLETENESS, read_table
from pipelines.restate import restatements
from pipelines.settings import key_variable
from pipelines.sources import Source, load_source, source_names
from pipelines.warehouse import open_warehouse, rows


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a practice's month can be reported; `known` tells whether there is anything at all to report."""

    practice_id: str
    ready: bool
    known: bool = True
    why: str = ""


class EndingKey(NamedTuple):
    """A key that ends, and when, as the newest visit with it was told."""

    source: str
    variable: str
    ends_on: dt.date

    def __str__(self) -> str:
        return f"{self.variable} ends on {self.ends_on}"


def night_verdict(night: dt.date, practices: Practices, data: DataDir) -> str:
    """Return what to know about a whole night, which keys end within a week and what was left out on purpose included.

    Raises SeveralFailed naming every practice and source that is not whole.
    """
    failures: list[RapportError] = []
    notes = [str(key) for key in ending_keys(night, practices, data)]
    read = 0
    for name in source_names():
        expected = {p.label for p in load_source(name).visits(practices, data.exports)}
        path = data.completeness(name, night)
        found = read_table(path, COMPLETENESS) if path.is_file() else []
        if expected and not path.is_file():
            failures.append(RapportError("was not read", where=name, next_step=f"See `rapport read {name} {night}`"))
        failures += [
            RapportError(row["why"] or "failed", where=f"{name}, {row['label']}")
            for row in found
            if row["status"] == "failed"
        ]
        whole = [row for row in found if row["status"] == "ok"]
        notes += sorted({f"{name}, {row['label']}: {row['why']}" for row in whole if row["why"]})
        notes += [
            f"{name}, {each.label}: {each.records} left out because somebody asked to be forgotten"
            for each in read_left_out(data, name, night)
        ]
        read += len(whole)
    if failures:
        raise SeveralFailed(
            f"the night of {night} is not whole, {len(failures)} missing:",
            failures,
            next_step="What was read is in the warehouse. Mend the cause, then clear this run's failed tasks",
        )
    return "; ".join([f"the night of {night} is whole: {read} visits read", *notes])


def ending_keys(today: dt.date, practices: Practices, data: DataDir) -> list[EndingKey]:
    """Return the keys that end within a week of `today` or have ended, the next one first."""
    newest: dict[tuple[str, str], Receipt] = {}
    for name in source_names():
        for planned in load_source(name).visits(practices, data.exports):
            receipt = newest_receipt(name, planned.label, today, data)
            held = newest.get((name, planned.key))
            if receipt and (held is None or receipt.night > held.night):
                newest[name, planned.key] = receipt
    last = today + dt.timedelta(days=ANNOUNCE_KEYS_DAYS)
    ending = [
        EndingKey(source, key_variable(source, key), receipt.key_expires_on)
        for (source, key), receipt in newest.items()
        if receipt.key_expires_on and receipt.key_expires_on <= last
    ]
    return sorted(ending, key=lambda key: (key.ends_on, key.variable))


def newest_receipt(source: str, label: str, until: dt.date, data: DataDir) -> Receipt | None:
    """Return the receipt of the newest whole visit up to a night, or None if there is none."""
    nights = (night for night in reversed(data.nights("pages", source)) if night <= until)
    return next((receipt for night in nights if (receipt := data.receipt(source, night, label))), None)


def month_verdict(month: dt.date, practices: Practices, data: DataDir) -> str:
    """Return how many of a month's reports are with their recipients, how many wanted none, and what was kept back.

    Raises SeveralFailed naming each practice with a mail that did not arrive, may not have arrived, or came back.
    """
    name = month_name(month)
    ledger = Ledger(data.ledger)
    kept_back = Decisions(data.ledger).kept_back(name)
    rows = {Key(row.practice_id, row.month, row.version, row.recipient): row for row in ledger.rows(name)}
    failures: list[RapportError] = []
    sent = unsubscribed = 0
    for practice in practices.practice:
        if practice.id in kept_back or not data.report(name, practice.id).is_file():
            continue
        version = len(restatements(data, month, practice.id)) + 1
        for recipient in practice.recipients:
            stop = ledger.stopped(practice.id, recipient)
            row = rows.get(Key(practice.id, name, version, recipient))
            unsubscribed += stop == "unsubscribed"
            sent += stop is None and row is not None and row.state == "sent"
            if stop == "bounced":
                failures.append(RapportError("a recipient's mail came back, and it gets no more", where=practice.id))
            elif stop is None and (row is None or row.state != "sent"):
                said = f"{row.state}, {row.why}" if row and row.why else row.state if row else "not sent"
                failures.append(RapportError(f"version {version} is {said} for a recipient", where=practice.id))
    if failures:
        raise SeveralFailed(
            f"{len(failures)} reports of {name} are not with their recipients:",
            failures,
            next_step=f"`rapport send {name} --list` and `rapport unsubscribes` name the addresses",
        )
    notes = [f"{name}: {sent} reports are with their recipients, {unsubscribed} recipients have unsubscribed"]
    notes += [f"{id_} was kept back by {decision.person}" for id_, decision in sorted(kept_back.items())]
    return "; ".join(notes)


def month_readiness(month: dt.date, practices: Practices, data: DataDir) -> list[Readiness]:
    """Say of each practice whether its month can be reported, and if not, what is missing.

    A platform must have been read on a night after the month's end; files from an owner are never waited for.
    Raises NotReady if no practice is ready.
    """
    with open_warehouse(data) as connection:
        coverage = rows(
            connection,
            "select practice_id, source, last_read_night, month_is_complete, left_out from reports.coverage "
            "where month = ? order by practice_id, source, site",
            [month],
        )
    own: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in coverage:
        own[row["practice_id"]].append(row)
    answers = [readiness(practice.id, month, own[practice.id]) for practice in practices.practice]
    if not any(answer.ready for answer in answers):
        why = "; ".join(f"{answer.practice_id}: {answer.why}" for answer in answers)
        raise NotReady(
            f"no practice has a complete {month_name(month)}: {why}",
            where="month gate",
            next_step=f"Run the night of {add_months(month, 1)} or a later one, then this month again",
        )
    return answers


def readiness(practice_id: str, month: dt.date, coverage: Sequence[dict[str, Any]]) -> Readiness:
    """Say whether a practice's month can be reported, from its own rows of `reports.coverage` of that month."""
    if not coverage:
        return Readiness(practice_id=practice_id, ready=False, known=False, why="nothing was ever read")
    missing = [
        f"{row['source']} last read {row['last_read_night'] or 'never'}"
        for row in coverage
        if not _source(row["source"]).once and not _covers(row, month)
    ]
    return Readiness(practice_id=practice_id, ready=not missing, why=", ".join(missing))


def _covers(row: dict[str, Any], month: dt.date) -> bool:
    """Say whether a platform's month is there: listed in full, or looked at after its end if it only shows samples.

    For a platform that is not connected yet nothing waits.
    """
    if row["left_out"]:
        return True
    if _source(row["source"]).sampled:
        last = row["last_read_night"]
        return isinstance(last, dt.date) and last >= add_months(month, 1)
    return bool(row["month_is_complete"])


@cache
def _source(name: str) -> Source:
    """Return a source's head; to find it among the modules takes longer than all else there is to a row."""
    return load_source(name).SOURCE
