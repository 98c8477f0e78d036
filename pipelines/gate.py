"""The two questions asked before going on: was the night whole, and is the month complete?

Both answer from what the verbs left behind, never from what a scheduler believes.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from pipelines.errors import NotApproved, NotReady, RapportError, SeveralFailed
from pipelines.landing import DataDir
from pipelines.periods import add_months, month_name
from pipelines.practices import Practices
from pipelines.records import COMPLETENESS, read_table
from pipelines.sources import load_source, source_names
from pipelines.warehouse import open_warehouse, rows


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    practice_id: str
    ready: bool
    why: str = ""


def night_verdict(night: dt.date, practices: Practices, data: DataDir) -> str:
    """Return one sentence about a whole night. Raises SeveralFailed naming every practice and source that is not."""
    failures: list[RapportError] = []
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
        read += sum(row["status"] == "ok" for row in found)
    if failures:
        raise SeveralFailed(
            f"the night of {night} is not whole, {len(failures)} missing:",
            failures,
            next_step="What was read is in the warehouse. Mend the cause, then clear this run's failed tasks",
        )
    return f"the night of {night} is whole: {read} visits read"


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
    answers = [_readiness(practice.id, month, coverage) for practice in practices.practice]
    if not any(answer.ready for answer in answers):
        why = "; ".join(f"{answer.practice_id}: {answer.why}" for answer in answers)
        raise NotReady(
            f"no practice has a complete {month_name(month)}: {why}",
            where="month gate",
            next_step=f"Run the night of {add_months(month, 1)} or a later one, then this month again",
        )
    return answers


def check_approval(answer: dict[str, object] | None) -> str:
    """Return who approved. Raises NotApproved unless a person (or whoever holds a login) said so."""
    if not answer or answer.get("chosen_options") != ["Approve"]:
        raise NotApproved(
            "nobody approved these reports",
            where="send",
            next_step="Nothing was sent. Open Required Action on the task approve, look at the PDFs, and press Approve",
        )
    person = answer.get("responded_by_user")
    return str(person.get("name") or person.get("id")) if isinstance(person, dict) else "unknown"


def _covers(row: dict[str, object], month: dt.date) -> bool:
    """Say whether a platform's month is there: listed in full, or looked at after its end if it only shows samples.

    For a platform that is not connected yet nothing waits.
    """
    if row["left_out"]:
        return True
    if load_source(str(row["source"])).SOURCE.sampled:
        last = row["last_read_night"]
        return isinstance(last, dt.date) and last >= add_months(month, 1)
    return bool(row["month_is_complete"])


def _readiness(practice_id: str, month: dt.date, coverage: list[dict[str, object]]) -> Readiness:
    own = [row for row in coverage if row["practice_id"] == practice_id]
    platforms = [row for row in own if not load_source(str(row["source"])).SOURCE.once]
    missing = [
        f"{row['source']} last read {row['last_read_night'] or 'never'}" for row in platforms if not _covers(row, month)
    ]
    if not own:
        return Readiness(practice_id=practice_id, ready=False, why="nothing was ever read")
    return Readiness(practice_id=practice_id, ready=not missing, why=", ".join(missing))
