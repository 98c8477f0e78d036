"""What stands where, for people to look at: each report, each night, each key, each record set aside.

Everything is answered from what the verbs left behind, never from what a scheduler believes, and nothing is changed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import duckdb
import msgspec

from pipelines.decisions import Decisions
from pipelines.fetch import ANNOUNCE_KEYS_DAYS
from pipelines.gate import readiness
from pipelines.landing import DataDir, Receipt
from pipelines.ledger import Ledger
from pipelines.periods import add_months, last_day, month_name
from pipelines.practices import Practice, Practices
from pipelines.records import SetAside
from pipelines.settings import Settings, connection_name, key_variable
from pipelines.sources import load_source, source_names
from pipelines.warehouse import open_warehouse, rows

State = Literal[
    "unknown",
    "open",
    "held",
    "ready",
    "rendered",
    "kept",
    "approved",
    "sending",
    "sent",
    "uncertain",
    "bounced",
    "failed",
    "earlier",
]
# What needs somebody first stands first.
MEANINGS: dict[State, str] = {
    "failed": "a mail was refused; sending again tries it again",
    "uncertain": "a mail may or may not have arrived; a person must ask",
    "held": "the month is over, and a source is missing",
    "ready": "the month is complete, and there is no PDF yet",
    "rendered": "the PDF is there and waits for approval",
    "kept": "somebody kept the PDF back; its page says who and why",
    "approved": "it may go out, and no mail is out yet",
    "sending": "approved, and not all mails are out",
    "sent": "every recipient has it",
    "open": "the month is not over",
    "earlier": "the month was over before the practice was first read, so no report of it was due",
    "unknown": "nothing is known of this month",
}
# A key whose practices are all read incrementally is used every night; one of files, once a week at least.
_NIGHTS_OF_A_KEY = 8


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How far a practice's report of a month is. `complete` tells whether all of its month was read."""

    state: State
    complete: bool
    why: str = ""


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """What the visits of one source's night came to."""

    whole: int = 0
    failed: int = 0
    skipped: int = 0


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Visits of one source's night that share a reason: failed, skipped, or whole with something left to say."""

    source: str
    night: dt.date
    status: str
    why: str
    visits: int
    labels: list[str]


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key as its newest whole visits were told; None where no visit or no platform said."""

    source: str
    variable: str
    connection: str
    night: dt.date | None
    quota_left: int | None
    calls_a_day: int | None
    ends_on: dt.date | None
    ends_soon: bool


class LeftOver(msgspec.Struct, frozen=True, kw_only=True):
    """Records set aside for one reason. The same one comes again every night, so `records` is the worst night's."""

    source: str
    practice_id: str
    reason: str
    records: int
    first_night: dt.date
    last_night: dt.date
    page: str
    where: str


def known_months(data: DataDir) -> tuple[dt.date, dt.date]:
    """Return the first and the last month the warehouse knows. Raises NotReady without a warehouse."""
    with open_warehouse(data) as connection:
        [found] = rows(
            connection,
            "select date_trunc('month', as_of_night)::date as last, "
            "(select min(month) from reports.coverage) as first from reports.build_info",
        )
    return found["first"] or found["last"], found["last"]


def reports(
    data: DataDir, practices: Sequence[Practice], first: dt.date, last: dt.date
) -> dict[tuple[str, dt.date], Report]:
    """Return how far each practice's report of each month from `first` to `last` is. Raises NotReady."""
    with open_warehouse(data) as connection:
        found = rows(
            connection,
            "select practice_id, month, source, last_read_night, month_is_complete, left_out from reports.coverage "
            "where month between $first and $last and list_contains($practices, practice_id) "
            "order by practice_id, month, source, site",
            {"first": first, "last": last, "practices": [practice.id for practice in practices]},
        )
        [build] = rows(connection, "select as_of_night from reports.build_info")
        begun = rows(
            connection,
            "select practice_id, min(month) as month from reports.coverage where nights_expected > 0 "
            "group by practice_id",
        )
    first_months = {row["practice_id"]: row["month"] for row in begun}
    coverage: dict[tuple[str, dt.date], list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        coverage[row["practice_id"], row["month"]].append(row)
    months = month_range(first, last)
    sent = Ledger(data.ledger).states(month_name(first), month_name(last)) if data.ledger.is_file() else {}
    decided = _decided(data, months) if data.ledger.is_file() else {}
    return {
        (practice.id, month): _report(
            data,
            practice.id,
            month,
            coverage[practice.id, month],
            sent,
            decided,
            is_over=build["as_of_night"] > last_day(month),
            is_earlier=month < first_months.get(practice.id, month),
        )
        for practice in practices
        for month in months
    }


def _report(
    data: DataDir,
    practice_id: str,
    month: dt.date,
    coverage: Sequence[dict[str, Any]],
    sent: dict[tuple[str, str], set[Any]],
    decided: dict[tuple[str, str], State],
    *,
    is_over: bool,
    is_earlier: bool,
) -> Report:
    name = month_name(month)
    ready = readiness(practice_id, month, coverage)
    complete = ready.ready and is_over
    states = sent.get((practice_id, name), set())
    why = "" if complete else ready.why
    for state in ("failed", "bounced", "uncertain"):
        if state in states:
            return Report(state=state, complete=complete, why=why)
    if states:
        return Report(state="sent" if states == {"sent"} else "sending", complete=complete, why=why)
    if data.manifest(name, practice_id).is_file() and data.report(name, practice_id).is_file():
        return Report(state=decided.get((practice_id, name), "rendered"), complete=complete, why=why)
    if not coverage:
        return Report(state="unknown", complete=False)
    if not is_over:
        return Report(state="open", complete=False)
    if is_earlier:
        return Report(state="earlier", complete=complete, why=why)
    return Report(state="ready" if complete else "held", complete=complete, why=why)


def _decided(data: DataDir, months: Sequence[dt.date]) -> dict[tuple[str, str], State]:
    """Return of each report that was decided about whether it was kept back or let go, by the newest decision."""
    found: dict[tuple[str, str], State] = {}
    decisions = Decisions(data.ledger)
    for name in map(month_name, months):
        for decision in decisions.of(name):
            found |= dict.fromkeys(((practice_id, name) for practice_id in decision.kept_back), "kept")
            found |= dict.fromkeys(((practice_id, name) for practice_id in decision.released), "approved")
    return found


def month_range(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the first days of the months from `first` to `last`, both included."""
    return [add_months(first, n) for n in range((last.year - first.year) * 12 + last.month - first.month + 1)]


def months_of(data: DataDir, stage: str) -> list[dt.date]:
    """Return the months that have nights in a stage ("completeness", "set_aside"), the newest first."""
    nights = {night.replace(day=1) for name in source_names() for night in data.nights(stage, name)}
    return sorted(nights, reverse=True)


def nights(data: DataDir, month: dt.date) -> tuple[dict[tuple[str, dt.date], Night], list[Gap]]:
    """Return what each source's nights of a month came to, and what was not whole or had something to say."""
    files = [
        str(data.completeness(name, night))
        for name in source_names()
        for night in data.nights("completeness", name)
        if night.replace(day=1) == month
    ]
    if not files:
        return {}, []
    with duckdb.connect() as connection:
        found = rows(
            connection,
            "select source, night, status, coalesce(why, '') as why, count(*) as visits, "
            "list(distinct label order by label)[:5] as labels "
            "from read_parquet($files) group by all order by night desc, source, status, why",
            {"files": files},
        )
    counts: dict[tuple[str, dt.date], Counter[str]] = defaultdict(Counter)
    for row in found:
        counts[row["source"], row["night"]][row["status"]] += row["visits"]
    cells = {
        place: Night(whole=count["ok"], failed=count["failed"], skipped=count["skipped"])
        for place, count in counts.items()
    }
    return cells, [Gap(**row) for row in found if row["why"] or row["status"] != "ok"]


def keys(data: DataDir, practices: Practices, settings: Settings, today: dt.date) -> list[Key]:
    """Return every key that some visit needs, those that end first."""
    found = []
    for name in source_names():
        key_of = {planned.label: planned.key for planned in load_source(name).visits(practices, data.exports)}
        newest = _newest_receipts(data, name, key_of, today)
        cost = load_source(name).SOURCE.cost
        if cost is None or not load_source(name).SOURCE.key_fields:
            continue
        for key in sorted(set(key_of.values())):
            told = newest.get(key, [])
            ends_on = min((r.key_expires_on for r in told if r.key_expires_on), default=None)
            found.append(
                Key(
                    source=name,
                    variable=key_variable(name, key),
                    connection=connection_name(name, key),
                    night=told[0].night if told else None,
                    quota_left=min((r.quota_left for r in told if r.quota_left is not None), default=None),
                    calls_a_day=settings.calls_a_day.get(name, cost.calls_a_day),
                    ends_on=ends_on,
                    ends_soon=ends_on is not None and (ends_on - today).days <= ANNOUNCE_KEYS_DAYS,
                )
            )
    return sorted(found, key=lambda key: (key.ends_on or dt.date.max, key.source, key.variable))


def _newest_receipts(data: DataDir, source: str, key_of: dict[str, str], today: dt.date) -> dict[str, list[Receipt]]:
    """Return each key's whole visits of its newest night; only the last nights are looked through."""
    newest: dict[str, list[Receipt]] = {}
    missing = set(key_of.values())
    held = [night for night in data.nights("pages", source) if night <= today] if missing else []
    for night in reversed(held[-_NIGHTS_OF_A_KEY:]):
        of_night: dict[str, list[Receipt]] = defaultdict(list)
        for receipt in data.receipts(source, night):
            if receipt.status == "ok" and receipt.label in key_of:
                of_night[key_of[receipt.label]].append(receipt)
        newest |= {key: of_night[key] for key in missing & set(of_night)}
        missing -= set(of_night)
        if not missing:
            break
    return newest


def left_over(data: DataDir, month: dt.date) -> list[LeftOver]:
    """Return what was set aside in the nights of a month, by source, practice and reason."""
    counted: dict[tuple[str, str, str], Counter[dt.date]] = defaultdict(Counter)
    places: dict[tuple[str, str, str], SetAside] = {}
    for name in source_names():
        for night in data.nights("set_aside", name):
            if night.replace(day=1) == month:
                for line in data.set_aside(name, night).read_bytes().splitlines():
                    item = msgspec.json.decode(line, type=SetAside)
                    counted[name, item.practice_id, item.reason][night] += 1
                    places[name, item.practice_id, item.reason] = item
    return [
        LeftOver(
            source=group[0],
            practice_id=group[1],
            reason=group[2],
            records=max(by_night.values()),
            first_night=min(by_night),
            last_night=max(by_night),
            page=places[group].page,
            where=places[group].where,
        )
        for group, by_night in sorted(counted.items())
    ]
