"""The ledger of sending: one row a practice, month, report and recipient, so that no mail goes out twice.

planned -> sending -> sent | failed | uncertain. The row is committed before the mail server is spoken to; a row
found in `sending` by a later run may or may not have arrived, and becomes `uncertain`, for a person to decide.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

State = Literal["planned", "sending", "sent", "failed", "uncertain"]

_TABLES = """
create table if not exists sending (
    practice_id text not null,
    month text not null,
    report_sha256 text not null,
    recipient text not null,
    state text not null check (state in ('planned', 'sending', 'sent', 'failed', 'uncertain')),
    message_id text,
    changed_at text not null,
    why text,
    primary key (practice_id, month, report_sha256, recipient)
) strict;
create table if not exists unsubscribe (
    practice_id text not null,
    recipient text not null,
    token text not null unique,
    unsubscribed_at text,
    primary key (practice_id, recipient)
) strict;
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    practice_id: str
    month: str
    report_sha256: str
    recipient: str
    state: State
    message_id: str | None = None
    changed_at: str = ""
    why: str | None = None


class Ledger:
    """The ledger file. Every change is its own committed transaction; `now` is ISO 8601 and given by the caller."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            db.execute("pragma synchronous = full")
            yield db
        finally:
            db.close()

    def rows(self, month: str | None = None) -> list[Row]:
        """Return the ledger, one month of it if given, in a fixed order."""
        sql = (
            "select practice_id, month, report_sha256, recipient, state, message_id, changed_at, why from sending "
            "where ?1 is null or month = ?1 order by month, practice_id, recipient, report_sha256"
        )
        with self._open() as db:
            return [
                msgspec.convert(dict(zip(Row.__struct_fields__, row, strict=True)), Row)
                for row in db.execute(sql, (month,))
            ]

    def months(self) -> list[str]:
        """Return the months that have rows, the newest first."""
        with self._open() as db:
            return [row[0] for row in db.execute("select distinct month from sending order by month desc")]

    def states(self, first: str, last: str) -> dict[tuple[str, str], set[State]]:
        """Return the states that the recipients of a practice's month are in by their newest rows, of some months."""
        sql = (
            "select distinct practice_id, month, state from (select practice_id, month, state, row_number() over "
            "(partition by practice_id, month, recipient order by changed_at desc, report_sha256) as age from sending "
            "where month between ? and ?) where age = 1"
        )
        found: dict[tuple[str, str], set[State]] = {}
        with self._open() as db:
            for practice_id, month, state in db.execute(sql, (first, last)):
                found.setdefault((practice_id, month), set()).add(state)
        return found

    def doubt_unfinished(self, now: str) -> list[Row]:
        """Turn every `sending` row into `uncertain` and return those rows. Only one process may send at a time."""
        doubted = [row for row in self.rows() if row.state == "sending"]
        with self._open() as db:
            db.execute(
                "update sending set state = 'uncertain', changed_at = ?, "
                "why = 'the run ended while the mail server was being spoken to' where state = 'sending'",
                (now,),
            )
        return doubted

    def plan(self, practice_id: str, month: str, report_sha256: str, recipient: str, now: str) -> State:
        """Add a planned row unless there is one, and return the state it is in."""
        key = (practice_id, month, report_sha256, recipient)
        with self._open() as db:
            db.execute(
                "insert into sending values (?, ?, ?, ?, 'planned', null, ?, null) on conflict do nothing", (*key, now)
            )
            found = db.execute(
                "select state from sending where (practice_id, month, report_sha256, recipient) = (?, ?, ?, ?)", key
            ).fetchone()
        state: State = found[0]
        return state

    def earlier_report(self, practice_id: str, month: str, report_sha256: str, recipient: str) -> Row | None:
        """Return the row of another version of this month's report that this recipient has, or may have, received."""
        return next(
            (
                row
                for row in self.rows(month)
                if (row.practice_id, row.recipient) == (practice_id, recipient)
                and row.report_sha256 != report_sha256
                and row.state in ("sent", "uncertain", "sending")
            ),
            None,
        )

    def mark(
        self,
        practice_id: str,
        month: str,
        report_sha256: str,
        recipient: str,
        state: State,
        now: str,
        *,
        message_id: str | None = None,
        why: str | None = None,
    ) -> None:
        with self._open() as db:
            db.execute(
                "update sending set state = ?, changed_at = ?, why = ?, message_id = coalesce(?, message_id) "
                "where (practice_id, month, report_sha256, recipient) = (?, ?, ?, ?)",
                (state, now, why, message_id, practice_id, month, report_sha256, recipient),
            )

    def unsubscribe_token(self, practice_id: str, recipient: str) -> str | None:
        """Return the recipient's token, made on first use, or None if the recipient has unsubscribed."""
        with self._open() as db:
            db.execute(
                "insert into unsubscribe values (?, ?, ?, null) on conflict do nothing",
                (practice_id, recipient, secrets.token_urlsafe(24)),
            )
            token, since = db.execute(
                "select token, unsubscribed_at from unsubscribe where (practice_id, recipient) = (?, ?)",
                (practice_id, recipient),
            ).fetchone()
        return None if since else str(token)

    def unsubscribe(self, token: str, now: str) -> bool:
        """Record that the holder of a token wants no more mail; False for a token that is unknown."""
        with self._open() as db:
            changed = db.execute(
                "update unsubscribe set unsubscribed_at = coalesce(unsubscribed_at, ?) where token = ?", (now, token)
            )
            return changed.rowcount == 1
