"""The decisions about a month's reports, kept in the ledger: who let which of them go out, who kept which, and why.

A decision is added and never changed. Of each practice its newest one counts.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from pipelines.store import open_store

# Who decides where nobody is asked.
NOBODY = "auto-release"

_TABLE = """
create table if not exists decision (
    month text not null,
    decided_at text not null,
    person text not null,
    choice text not null,
    released text not null,
    kept_back text not null,
    reason text not null,
    digests text not null default '{}',
    primary key (month, decided_at, person)
) strict
"""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One answer about a month ("2026-10"); `released` and `kept_back` are ids of practices, `decided_at` ISO 8601.

    `digests` are the SHA-256 of the PDFs that were looked at, by the practices released: no other PDF goes out by it.
    """

    month: str
    decided_at: str
    person: str
    choice: str
    released: tuple[str, ...]
    kept_back: tuple[str, ...]
    reason: str
    digests: dict[str, str]


class Decisions:
    """The decisions in the ledger's file, beside the mails."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_store(self._path) as db:
            db.execute(_TABLE)
            # The first decisions named no PDF, so nothing more goes out by them.
            if "digests" not in {column[1] for column in db.execute("pragma table_info(decision)")}:
                db.execute("alter table decision add column digests text not null default '{}'")

    def add(self, decision: Decision) -> None:
        """Keep a decision; the same answer again, of a box that was cleared, is one."""
        told = msgspec.structs.asdict(decision)
        told |= {name: json.dumps(told[name]) for name in ("released", "kept_back", "digests")}
        with open_store(self._path) as db:
            db.execute(
                "insert into decision values (:month, :decided_at, :person, :choice, :released, :kept_back, :reason, "
                ":digests) "
                "on conflict do nothing",
                told,
            )

    def of(self, month: str) -> list[Decision]:
        """Return the decisions about a month, the oldest first."""
        with open_store(self._path) as db:
            found = db.execute("select * from decision where month = ? order by decided_at, rowid", (month,)).fetchall()
        return [
            Decision(
                month=month,
                decided_at=decided_at,
                person=person,
                choice=choice,
                released=tuple(json.loads(released)),
                kept_back=tuple(json.loads(kept_back)),
                reason=reason,
                digests=json.loads(digests),
            )
            for month, decided_at, person, choice, released, kept_back, reason, digests in found
        ]

    def approved(self, month: str) -> dict[str, str]:
        """Return the SHA-256 of the PDF that may go out of each practice whose report of a month was let go."""
        found: dict[str, str] = {}
        for decision in self.of(month):
            found |= decision.digests
            for practice_id in decision.kept_back:
                found.pop(practice_id, None)
        return found

    def months(self) -> list[str]:
        """Return the months that were decided about."""
        with open_store(self._path) as db:
            return [row[0] for row in db.execute("select distinct month from decision")]

    def kept_back(self, month: str) -> dict[str, Decision]:
        """Return the decision of each practice whose report of a month somebody kept back and nobody let go since."""
        found: dict[str, Decision] = {}
        for decision in self.of(month):
            found |= dict.fromkeys(decision.kept_back, decision)
            for practice_id in decision.released:
                found.pop(practice_id, None)
        return found
