"""The ledger of sending: one row a practice, month, version and recipient, so that no mail goes out twice.

planned -> sending -> sent | failed | uncertain, and bounced when a mail comes back. The row is committed before the
mail server is spoken to; a row found in `sending` by a later run may or may not have arrived, and becomes
`uncertain`, for a person to decide. Beside the rows stand the recipients' tokens and stops: who gets no more mail.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import msgspec

from pipelines.errors import SendFailed
from pipelines.landing import DataDir, alone
from pipelines.store import open_store

State = Literal["planned", "sending", "sent", "failed", "uncertain", "bounced"]
StopKind = Literal["unsubscribed", "bounced"]
_Kind = TypeVar("_Kind", bound=msgspec.Struct)

_TABLES = """
create table if not exists sending (
    practice_id text not null,
    month text not null,
    version integer not null,
    recipient text not null,
    report_sha256 text not null,
    identity text not null unique,
    state text not null check (state in ('planned', 'sending', 'sent', 'failed', 'uncertain', 'bounced')),
    changed_at text not null,
    why text,
    primary key (practice_id, month, version, recipient)
) strict;
create table if not exists token (
    practice_id text not null,
    recipient text not null,
    token text not null unique,
    primary key (practice_id, recipient)
) strict;
create table if not exists stop (
    practice_id text not null,
    recipient text not null,
    kind text not null check (kind in ('unsubscribed', 'bounced')),
    since text not null,
    why text not null,
    undone_at text,
    undone_why text
) strict;
create unique index if not exists one_standing_stop on stop (practice_id, recipient, kind) where undone_at is null;
create table if not exists bounce (digest text primary key, read_at text not null) strict;
"""
# The first ledger was keyed by the PDF's hash. What it holds must not be lost: it says who has a mail already.
_SET_THE_FIRST_ASIDE = """
alter table sending rename to first_sending;
alter table unsubscribe rename to first_unsubscribe;
"""
_TAKE_OVER_THE_FIRST = """
insert into sending select
    practice_id, month,
    row_number() over (partition by practice_id, month, recipient order by changed_at, report_sha256),
    recipient, report_sha256, coalesce(substr(message_id, 10, 32), lower(hex(randomblob(16)))), state, changed_at, why
from first_sending;
insert into token select practice_id, recipient, token from first_unsubscribe;
insert into stop select practice_id, recipient, 'unsubscribed', unsubscribed_at, 'one click', null, null
from first_unsubscribe where unsubscribed_at is not null;
drop table first_sending;
drop table first_unsubscribe;
"""


class Key(NamedTuple):
    """What a mail is about and whom it is for: one mail each, ever.

    `month` is that of a report; an urgent mail is about a day, which stands in its place.
    """

    practice_id: str
    month: str
    version: int
    recipient: str

    def identity(self, report_sha256: str) -> str:
        """Return 32 hex digits that stand for this mail wherever its address must not be read."""
        parts = (*map(str, self), report_sha256)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    practice_id: str
    month: str
    version: int
    recipient: str
    report_sha256: str
    identity: str
    state: State
    changed_at: str
    why: str | None

    @property
    def is_urgent(self) -> bool:
        return len(self.month) == len("2026-11-03")


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient who gets no more mail of a practice, since when and why; or got none until a person undid it."""

    practice_id: str
    recipient: str
    kind: StopKind
    since: str
    why: str
    undone_at: str | None
    undone_why: str | None


def sending_alone(data: DataDir) -> AbstractContextManager[None]:
    """Let one process send at a time: another's `sending` row must not be taken for a crashed one's."""
    another = SendFailed("another run is sending", where="send", next_step="Wait until it has ended")
    return alone(data.root / ".sending.lock", another)


class Ledger:
    """The ledger file. Every change is its own committed transaction; `now` is ISO 8601 and given by the caller."""

    def __init__(self, path: Path) -> None:
        # Each change is committed by itself, or says where it begins and ends.
        self._open = partial(open_store, path, autocommit=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            if db.execute("pragma user_version").fetchone()[0] == 2:
                return
            first = db.execute("select 1 from sqlite_master where name = 'unsubscribe'").fetchone()
            steps = (_SET_THE_FIRST_ASIDE, _TABLES, _TAKE_OVER_THE_FIRST) if first else (_TABLES,)
            # In one transaction: half a ledger would not know who has a mail.
            db.executescript(f"begin immediate; {''.join(steps)} pragma user_version = 2; commit;")

    def rows(self, month: str | None = None) -> list[Row]:
        """Return the ledger, one month of it if given, in a fixed order."""
        with self._open() as db:
            found = db.execute(
                "select * from sending where ?1 is null or month = ?1 order by month, practice_id, recipient, version",
                (month,),
            )
            return [_struct(Row, row) for row in found]

    def months(self) -> list[str]:
        """Return the months whose reports have rows, the newest first."""
        sql = "select distinct month from sending where length(month) = 7 order by month desc"
        with self._open() as db:
            return [row[0] for row in db.execute(sql)]

    def states(self, first: str, last: str) -> dict[tuple[str, str], set[State]]:
        """Return the states that the recipients of a practice's month are in by their newest rows, of some months."""
        sql = (
            "select distinct practice_id, month, state from (select practice_id, month, state, row_number() over "
            "(partition by practice_id, month, recipient order by version desc) as age from sending "
            "where length(month) = 7 and month between ? and ?) where age = 1"
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

    def plan(self, key: Key, report_sha256: str, now: str) -> Row:
        """Add a planned row unless there is one, and return what stands.

        A row whose mail is surely not out takes the hash of the PDF that will go; any other keeps its own.
        """
        identity = key.identity(report_sha256)
        with self._open() as db:
            db.execute(
                "insert into sending values (?, ?, ?, ?, ?, ?, 'planned', ?, null) on conflict do update "
                "set report_sha256 = excluded.report_sha256, identity = excluded.identity "
                "where state in ('planned', 'failed')",
                (*key, report_sha256, identity, now),
            )
            found = db.execute(
                "select * from sending where (practice_id, month, version, recipient) = (?, ?, ?, ?)", key
            ).fetchone()
        return _struct(Row, found)

    def newest(self, key: Key) -> Row | None:
        """Return the row of the newest version of this month's report that this recipient has, or may have."""
        with self._open() as db:
            found = db.execute(
                "select * from sending where (practice_id, month, recipient) = (?, ?, ?) "
                "and state in ('sent', 'uncertain', 'sending') order by version desc",
                (key.practice_id, key.month, key.recipient),
            ).fetchone()
        return _struct(Row, found) if found else None

    def mark(self, key: Key, state: State, now: str, *, why: str | None = None) -> None:
        with self._open() as db:
            db.execute(
                "update sending set state = ?, changed_at = ?, why = ? "
                "where (practice_id, month, version, recipient) = (?, ?, ?, ?)",
                (state, now, why, *key),
            )

    def token(self, practice_id: str, recipient: str) -> str:
        """Return the token by which a recipient unsubscribes, random, made on first use."""
        with self._open() as db:
            db.execute(
                "insert into token values (?, ?, ?) on conflict do nothing",
                (practice_id, recipient, secrets.token_urlsafe(24)),
            )
            found = db.execute(
                "select token from token where (practice_id, recipient) = (?, ?)", (practice_id, recipient)
            ).fetchone()
        return str(found[0])

    def stops(self) -> list[Stop]:
        """Return every stop there is and was, oldest first."""
        with self._open() as db:
            return [_struct(Stop, row) for row in db.execute("select * from stop order by since, rowid")]

    def stopped(self, practice_id: str, recipient: str) -> StopKind | None:
        """Return why a recipient gets no more mail of a practice, or None if nothing stands in the way."""
        with self._open() as db:
            found = db.execute(
                "select kind from stop where (practice_id, recipient) = (?, ?) and undone_at is null "
                "order by kind desc",
                (practice_id, recipient),
            ).fetchone()
        return found[0] if found else None

    def unsubscribe(self, token: str, now: str) -> bool:
        """Record that the holder of a token wants no more mail; False for a token that is unknown."""
        with self._open() as db:
            found = db.execute("select practice_id, recipient from token where token = ?", (token,)).fetchone()
            if found:
                _stop(db, found[0], found[1], "unsubscribed", now, "one click")
        return found is not None

    def row_of(self, identity: str) -> Row | None:
        """Return the row of a mail by what stands for it in its Message-ID, or None if it is none of ours."""
        with self._open() as db:
            found = db.execute("select * from sending where identity = ?", (identity,)).fetchone()
        return _struct(Row, found) if found else None

    def bounced(self, digest: str, row: Row, why: str, now: str) -> bool:
        """Record that a mail came back and stop its recipient; False if this evidence is known.

        `digest` names the evidence, so that a stop which a person has undone does not return with a file that is read
        again.
        """
        with self._open() as db:
            db.execute("begin immediate")
            fresh = db.execute("insert into bounce values (?, ?) on conflict do nothing", (digest, now)).rowcount
            if fresh:
                db.execute(
                    "update sending set state = 'bounced', changed_at = ?, why = ? where identity = ?",
                    (now, why, row.identity),
                )
                _stop(db, row.practice_id, row.recipient, "bounced", now, why)
            db.execute("commit")
        return bool(fresh)

    def undo(self, practice_id: str, recipient: str, why: str, now: str) -> int:
        """Let a recipient have mail again, because a person says why; returns how many stops that ended."""
        with self._open() as db:
            return db.execute(
                "update stop set undone_at = ?, undone_why = ? "
                "where (practice_id, recipient) = (?, ?) and undone_at is null",
                (now, why, practice_id, recipient),
            ).rowcount


def _stop(db: sqlite3.Connection, practice_id: str, recipient: str, kind: StopKind, now: str, why: str) -> None:
    db.execute(
        "insert into stop values (?, ?, ?, ?, ?, null, null) on conflict do nothing",
        (practice_id, recipient, kind, now, why),
    )


def _struct(kind: type[_Kind], row: tuple[object, ...]) -> _Kind:
    return msgspec.convert(dict(zip(kind.__struct_fields__, row, strict=True)), kind)
