"""Urgent: what should not wait for the month's report is told to a practice's contact the morning after.

A mail holds classes and links, no name of a patient and no word of anybody's. Each cause is told once, and a practice
gets at most one mail a day; the ledger keeps it as it keeps every mail. What is told waits in the Reports pages until
somebody says that it was looked at.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import msgspec

from pipelines.advice import site_name
from pipelines.errors import RapportError, SendFailed, SeveralFailed, SiteDown, UnknownName
from pipelines.landing import DataDir
from pipelines.ledger import Key, Ledger, Row, sending_alone
from pipelines.locales import _, language, speaking
from pipelines.mail import Digest, Doubtful, NotTaken, compose_digest, deliver, mail_server
from pipelines.practices import Practice, Practices
from pipelines.settings import Settings
from pipelines.store import open_store
from pipelines.warehouse import open_warehouse, rows

# What is older when it is first seen, of a new practice for example, stands in the month's report.
NEWS_DAYS = 14
_UNSENT = ("planned", "failed")

CLASSES = {
    "disclosure": "A public reply of the practice may give private details away",
    "own_comment": "A public comment of the practice may give private details away",
    "ALERT_safety": "Somebody seems to tell of harm",
    "ALERT_discrimination": "Somebody seems to tell of unequal treatment or harassment",
    "ALERT_privacy": "Somebody seems to tell of a breach of privacy",
    "cluster": "An unusual cluster of reviews within a week",
}
_FOUND = """
with news as (
    select as_of_night, as_of_night - $days as since from reports.build_info
),
found as (
    select practice_id, class, source, site, item_id, url, changed_on as on_day
    from reports.worth_a_look
    cross join unnest(
        case when severity is null then classes when kind = 'reply' then ['disclosure'] else ['own_comment'] end
    ) as why (class)
    cross join news
    where stands and changed_on >= since
    union all
    select distinct practice_id, 'cluster' as class, '' as source, site, week::varchar as item_id, null as url,
        week as on_day
    from reports.bursts cross join news
    where verdict = 'unusual cluster' and week >= news.since
)
-- What a platform calls a link may be something else.
select practice_id, class, source, site, item_id, case when url ~ '^https?://.*' then url end as url,
    strftime(on_day, '%Y-%m') as month
from found order by practice_id, class, site, source, item_id
"""
_TABLE = """
create table if not exists cause (
    practice_id text not null,
    class text not null,
    source text not null,
    site text not null,
    item_id text not null,
    url text,
    found_on text not null,
    told_on text,
    seen_at text,
    seen_by text,
    month text not null,
    primary key (practice_id, class, source, site, item_id)
) strict
"""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not wait. `told_on` is the day of the mail it went out with; `number` is its place.

    `month` ("2026-10") is the one in which it was written; its report tells of it too.
    """

    number: int
    practice_id: str
    class_: str
    source: str
    site: str
    item_id: str
    url: str | None
    found_on: str
    told_on: str | None
    seen_at: str | None
    seen_by: str | None
    month: str

    @property
    def words(self) -> str:
        return CLASSES[self.class_]


class Causes:
    """The file of causes; what was acknowledged stays in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_store(self._path) as db:
            db.execute(_TABLE)
            if not db.execute("select 1 from pragma_table_info('cause') where name = 'month'").fetchone():
                # The first table did not keep the month; the day on which a cause was found is near it.
                db.execute("begin immediate")
                db.execute("alter table cause add column month text not null default ''")
                db.execute("update cause set month = substr(found_on, 1, 7)")

    def note(self, found: Sequence[dict[str, Any]], today: dt.date) -> int:
        """Add what is not known yet and return how much that is."""
        with open_store(self._path) as db:
            before = db.total_changes
            db.executemany(
                "insert into cause values (:practice_id, :class, :source, :site, :item_id, :url, :today, null, null, "
                "null, :month) on conflict do nothing",
                [{**row, "today": today.isoformat()} for row in found],
            )
            return db.total_changes - before

    def all(self) -> list[Cause]:
        """Return every cause: what nobody has looked at first, then the newest."""
        with open_store(self._path) as db:
            found = db.execute(
                "select rowid, * from cause order by seen_at is not null, found_on desc, practice_id, class, rowid"
            )
            return [_cause(row) for row in found]

    def tell(self, causes: Sequence[Cause], day: str) -> None:
        """Say with which day's mail causes go out."""
        with open_store(self._path) as db:
            db.executemany("update cause set told_on = ? where rowid = ?", [(day, one.number) for one in causes])

    def acknowledge(self, number: int, who: str, now: str) -> Cause:
        """Keep who looked at a cause and when; the first one counts. Raises UnknownName."""
        with open_store(self._path) as db:
            db.execute(
                "update cause set seen_at = ?, seen_by = ? where rowid = ? and seen_at is null", (now, who, number)
            )
            found = db.execute("select rowid, * from cause where rowid = ?", (number,)).fetchone()
        if found is None:
            raise UnknownName("there is no such cause", where="urgent", next_step="Open the list again")
        return _cause(found)

    def remove(self, causes: Sequence[Cause]) -> None:
        """Take causes out of the file, and out of its bytes."""
        with open_store(self._path) as db:
            db.execute("pragma secure_delete = on")
            db.executemany("delete from cause where rowid = ?", [(one.number,) for one in causes])


def _cause(row: Sequence[Any]) -> Cause:
    return Cause(**dict(zip(Cause.__struct_fields__, row, strict=True)))


def tell_urgent(
    practices: Practices, data: DataDir, settings: Settings, now: dt.datetime, *, say: Callable[[str], None]
) -> int:
    """Find what is new in the warehouse, mail each practice's contact, and return how many mails went out.

    `now` has a time zone, whose day it is. Raises SeveralFailed, after all others are sent, naming the practices whose
    mail was not taken; their causes go out with the next one.
    """
    with open_warehouse(data) as connection:
        found = rows(connection, _FOUND, {"days": NEWS_DAYS})
    causes = Causes(data.urgent)
    known = {practice.id for practice in practices.practice}
    new = causes.note([row for row in found if row["practice_id"] in known], now.date())
    say(f"{new} new causes")
    sent = 0
    failures: list[RapportError] = []
    with sending_alone(data):
        ledger = Ledger(data.ledger)
        for row in ledger.doubt_unfinished(now.isoformat(timespec="seconds")):
            say(f"  {row.practice_id}: it is uncertain whether an earlier mail arrived; look before sending again")
        held = _by_practice(ledger)
        waiting: dict[str, list[Cause]] = defaultdict(list)
        for cause in causes.all():
            if cause.seen_at is None and not _was_told(cause, held[cause.practice_id]):
                waiting[cause.practice_id].append(cause)
        for practice in practices.practice:
            if not (mine := waiting[practice.id]):
                continue
            why = _not_now(practice, held[practice.id], ledger, now.date())
            if why:
                say(f"  {practice.id}: {len(mine)} wait, {why}")
                continue
            try:
                _send(practice, mine, held[practice.id], causes, ledger, settings, now)
                sent += 1
                say(f"  {practice.id}: told of {len(mine)}")
            except RapportError as error:
                failures.append(error)
                say(f"  {practice.id}: {type(error).__name__}")
    if failures:
        raise SeveralFailed(
            f"{len(failures)} urgent mails did not go out:",
            failures,
            where="urgent",
            next_step="Run it again after mending: what was sent stays sent",
        )
    return sent


def _by_practice(ledger: Ledger) -> dict[str, list[Row]]:
    """Return the ledger's rows of urgent mails: those that are about a day."""
    held: dict[str, list[Row]] = defaultdict(list)
    for row in ledger.rows():
        if row.is_urgent:
            held[row.practice_id].append(row)
    return held


def _was_told(cause: Cause, held: Sequence[Row]) -> bool:
    """Say whether a cause's mail is out, or may be: only one that surely was not taken goes out again."""
    return any(row.month == cause.told_on and row.state not in _UNSENT for row in held)


def _not_now(practice: Practice, held: Sequence[Row], ledger: Ledger, today: dt.date) -> str:
    if not practice.contact:
        return "and there is no contact in practices.toml"
    if stopped := ledger.stopped(practice.id, practice.contact):
        return f"and the contact's mail is {stopped}"
    if any(today.isoformat() in (row.month, row.changed_at[:10]) and row.state not in _UNSENT for row in held):
        return "as today's mail is out"
    return ""


def _send(
    practice: Practice,
    mine: Sequence[Cause],
    held: Sequence[Row],
    causes: Causes,
    ledger: Ledger,
    settings: Settings,
    now: dt.datetime,
) -> None:
    stamp, contact = now.isoformat(timespec="seconds"), str(practice.contact)
    # A mail that was not taken is tried again as the one it was, with what has come since.
    unsent = [row.month for row in held if row.recipient == contact and row.state in _UNSENT]
    key = Key(practice.id, min(unsent, default=now.date().isoformat()), 1, contact)
    about = "\n".join(f"{one.class_} {one.source} {one.site} {one.item_id}" for one in mine)
    row = ledger.plan(key, hashlib.sha256(about.encode()).hexdigest(), stamp)
    with speaking(language(practice.language)):
        things = tuple((_(one.words), site_name(one.site), one.url or "") for one in mine)
    digest = Digest(
        practice=practice,
        recipient=contact,
        day=dt.date.fromisoformat(key.month),
        identity=row.identity,
        token=ledger.token(practice.id, contact),
        things=things,
    )
    message = compose_digest(digest, settings, now)
    causes.tell(mine, key.month)
    ledger.mark(key, "sending", stamp)
    try:
        with mail_server(settings) as server:
            deliver(server, message, parseaddr(settings.mail_from)[1], contact)
            ledger.mark(key, "sent", stamp)
    except Doubtful as error:
        ledger.mark(key, "uncertain", stamp, why=str(error))
        raise SendFailed(str(error), where=practice.id, next_step="Ask the contact; it is not sent again") from None
    except NotTaken as error:
        ledger.mark(key, "failed", stamp, why=error.reason)
        kind = SendFailed if error.for_good else SiteDown
        raise kind(f"the mail server did not take it ({error.reason})", where=practice.id) from None
