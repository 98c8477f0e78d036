"""What somebody asked us to forget, as marks that say nothing of it: no night brings it back.

A mark is a keyed hash of a source and an item's id, or an author's pseudonym. Everything below an item goes with it,
because it stands in no thread without it and carries its id. A page that holds any of it is deleted as a whole, which
is the only sure erasure; its receipt says so, and what was made of the rest of it stands.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from pipelines.errors import NotReady
from pipelines.files import waiting
from pipelines.landing import DataDir, Receipt, alone, own_secret, read_page
from pipelines.practices import Practices
from pipelines.sources import Source
from pipelines.store import open_store
from pipelines.text.author import AuthorKeys, load_secret, pseudonym

# What somebody writes, and so may ask to be forgotten. Numbers and totals are the platform's.
WRITTEN = ("review", "reply", "post", "comment", "share")
# Shorter ids and texts stand on pages that have nothing to do with them.
_SHORTEST_ID, _SHORTEST_TEXT = 6, 20
_TABLES = (
    """
create table if not exists forgotten (
    kind text not null check (kind in ('item', 'author')),
    source text not null,
    practice_id text not null,
    mark text not null,
    asked_on text not null,
    done_on text,
    primary key (kind, source, practice_id, mark)
) strict
""",
    # Reports that are to be made again; `look` is the practice whose first look it is of, or empty.
    """
create table if not exists again (
    look text not null,
    month text not null,
    practice_id text not null,
    primary key (look, month, practice_id)
) strict
""",
)
Row = Mapping[str, Any]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many records of a visit a night left out, because somebody asked to be forgotten."""

    label: str
    practice_id: str
    site: str
    records: int


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be forgotten: an item's mark, of one practice or of all, or an author's pseudonym."""

    kind: str
    source: str
    practice_id: str
    mark: str


class Requests:
    """The file of marks, and of the reports that are to be made again because of them."""

    def __init__(self, data: DataDir) -> None:
        self._path = data.forgotten
        self._secret = data.secrets / "forgotten_secret"
        data.forgotten.parent.mkdir(parents=True, exist_ok=True)
        with open_store(self._path) as db:
            for table in _TABLES:
                db.execute(table)

    def item(self, source: str, item_id: str, practice_id: str = "") -> Request:
        """Return the mark of an item, of one practice or of all."""
        mark = _mark(own_secret(self._secret), source, item_id)
        return Request(kind="item", source=source, practice_id=practice_id, mark=mark)

    def add(self, asked: Iterable[Request], day: dt.date) -> None:
        """Keep marks, as not yet done with. One that was done with before is taken up anew."""
        with open_store(self._path) as db:
            db.executemany(
                "insert into forgotten values (?, ?, ?, ?, ?, null) on conflict do update set done_on = null",
                [(one.kind, one.source, one.practice_id, one.mark, day.isoformat()) for one in asked],
            )

    def add_below(self, asked: Iterable[Request], night: dt.date) -> None:
        """Keep the marks of what a night left out: there is nothing of it to be removed."""
        with open_store(self._path) as db:
            db.executemany(
                "insert into forgotten values (?, ?, ?, ?, ?5, ?5) on conflict do nothing",
                [(one.kind, one.source, one.practice_id, one.mark, night.isoformat()) for one in asked],
            )

    def asked_on(self, one: Request) -> dt.date | None:
        """Return since when something is forgotten, or None if it is not."""
        with open_store(self._path) as db:
            found = db.execute(
                "select asked_on from forgotten where (kind, mark) = (?, ?) and practice_id in ('', ?) "
                "and source in ('', ?)",
                (one.kind, one.mark, one.practice_id, one.source),
            ).fetchone()
        return dt.date.fromisoformat(found[0]) if found else None

    def unfinished(self) -> list[Request]:
        """Return the marks of which there may be something left."""
        with open_store(self._path) as db:
            found = db.execute("select kind, source, practice_id, mark from forgotten where done_on is null").fetchall()
        return [Request(kind=kind, source=source, practice_id=own, mark=mark) for kind, source, own, mark in found]

    def done(self, day: dt.date) -> None:
        with open_store(self._path) as db:
            db.execute("update forgotten set done_on = ? where done_on is null", (day.isoformat(),))

    def queue(self, look: str, reports: Iterable[tuple[str, str]]) -> None:
        """Keep which reports, by month and practice, are to be made again."""
        with open_store(self._path) as db:
            db.executemany(
                "insert into again values (?, ?, ?) on conflict do nothing",
                [(look, month, practice_id) for month, practice_id in reports],
            )

    def queued(self, look: str) -> list[tuple[str, str]]:
        with open_store(self._path) as db:
            return db.execute(
                "select month, practice_id from again where look = ? order by month, practice_id", (look,)
            ).fetchall()

    def made(self, look: str, month: str, practice_id: str) -> None:
        with open_store(self._path) as db:
            db.execute("delete from again where (look, month, practice_id) = (?, ?, ?)", (look, month, practice_id))


class Forgotten:
    """What is forgotten of one source, to be asked of rows: records, or features, which have an `author_key`."""

    def __init__(self, data: DataDir, source: Source, practices: Practices) -> None:
        self._data, self._source, self._practices = data, source, practices
        self._marks: set[tuple[str, str]] = set()
        self._authors: set[str] = set()
        self._known: dict[str, str] = {}
        if not data.forgotten.is_file():
            return
        with open_store(data.forgotten) as db:
            found = db.execute("select kind, source, practice_id, mark from forgotten").fetchall()
        self._marks = {(own, mark) for kind, of, own, mark in found if kind == "item" and of == source.name}
        self._authors = {mark for kind, _, _, mark in found if kind == "author"}
        self._secret = own_secret(data.secrets / "forgotten_secret")
        if self._authors:
            secret = load_secret(data.secrets / "author_secret")
            own = {practice.id: practice for practice in practices.practice}
            self._key = AuthorKeys(secret, source.name, source.policy, own).of

    def __bool__(self) -> bool:
        return bool(self._marks or self._authors)

    def is_item(self, item_id: str | None, practice_id: str | None = None) -> bool:
        """Tell whether an id is forgotten: for a practice, or for any of them if none is named."""
        if not item_id or not self._marks:
            return False
        mark = self._known.get(item_id) or self._known.setdefault(
            item_id, _mark(self._secret, self._source.name, item_id)
        )
        if practice_id is None:
            return any(mark == known for _, known in self._marks)
        return ("", mark) in self._marks or (practice_id, mark) in self._marks

    def may_be_among(self, ids: Collection[str | None], keys: Collection[str] | None) -> bool:
        """Tell whether any of some ids, or of some authors' pseudonyms, is forgotten; None where those are not made."""
        if self._authors and (keys is None or not self._authors.isdisjoint(keys)):
            return True
        return any(map(self.is_item, ids))

    def left_out(self, rows: Sequence[Row]) -> set[int]:
        """Return the places of the rows that are forgotten, with all that stands below them."""
        if not self:
            return set()
        found = {place for place, row in enumerate(rows) if self._is_asked(row)}
        below: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            for above in {row["parent_id"], row["thread_id"]} - {None, row["item_id"]}:
                below[row["practice_id"], row["site"], above].append(place)
        looked = list(found)
        while looked:
            row = rows[looked.pop()]
            if row["kind"] in WRITTEN:
                more = set(below[row["practice_id"], row["site"], row["item_id"]]) - found
                found |= more
                looked += more
        return found

    def kept(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows that are not forgotten."""
        gone = self.left_out(rows)
        return [row for place, row in enumerate(rows) if place not in gone]

    def without_mentions(self, feature: dict[str, Any]) -> dict[str, Any]:
        """Return a feature that names nobody who is forgotten among those it mentions."""
        named = feature["mention_keys"] or []
        if self._authors.isdisjoint(named):
            return feature
        return feature | {"mention_keys": [key for key in named if key not in self._authors]}

    def remember_below(self, rows: Iterable[Row], night: dt.date) -> None:
        """Keep marks of what was left out because of something else, so that what answers it later is, too."""
        more = [
            Request(kind="item", source=self._source.name, practice_id=own, mark=_mark(self._secret, source, item_id))
            for own, source, item_id in {
                (row["practice_id"], row["source"], row["item_id"]) for row in rows if row["kind"] in WRITTEN
            }
            if not self.is_item(item_id, own)
        ]
        if more:
            Requests(self._data).add_below(more, night)
            self._marks |= {(one.practice_id, one.mark) for one in more}

    def _is_asked(self, row: Row) -> bool:
        own = row["practice_id"]
        return (
            (row["kind"] in WRITTEN and self.is_item(row["item_id"], own))
            or self.is_item(row["parent_id"], own)
            or self.is_item(row["thread_id"], own)
            or (bool(self._authors) and self._author(row) in self._authors)
        )

    def _author(self, row: Row) -> str | None:
        if "author_key" in row:
            return str(row["author_key"])
        if not any(practice.id == row["practice_id"] for practice in self._practices.practice):
            return None
        return self._key(row["practice_id"], row["site"], row["author_id"], row["created_at"] or row["updated_at"])


@contextmanager
def nobody_forgets(data: DataDir) -> Iterator[None]:
    """Wait until nobody is removing anything, and let nobody begin: what is being read would be written back."""
    lock = _lock(data)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def nothing_is_read(data: DataDir) -> AbstractContextManager[None]:
    """Let no night be read or scored meanwhile. Raises NotReady if one is."""
    reading = NotReady(
        "a night is being read or scored", where="forget", next_step="Wait until it has ended and run it again"
    )
    return alone(_lock(data), reading)


class Traces:
    """By what a page is known to hold some rows: they were read from it, or their ids or texts stand on it.

    Lists that shift while they are paged show an item twice, and some platforms quote what is answered.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._pages, self._words = set[str](), set[bytes]()
        for row in rows:
            self._pages.add(row["page"])
            self._words.update(_needles(row))

    def pages(self, data: DataDir, receipt: Receipt) -> set[str]:
        """Return the names of the pages of a visit that hold any of it, as far as they are still there."""
        there = [path for path in data.page_files(receipt) if path.is_file()]
        return {path.name for path in there if data.relative(path) in self._pages or self._words_in(read_page(path))}

    def _words_in(self, body: bytes) -> bool:
        return any(word in body for word in self._words)


def let_go(data: DataDir, receipt: Receipt, names: Iterable[str]) -> tuple[int, int]:
    """Delete pages of a visit, and the owner's file they are of; return how many of both were there.

    The receipt is written first: a page that is gone without a word would look as if the night had expired.
    """
    gone = {*receipt.let_go, *names}
    if gone - set(receipt.let_go):
        data.keep_receipt(msgspec.structs.replace(receipt, let_go=sorted(gone)))
    pages = [data.visit_folder(receipt) / name for name in gone]
    files = [data.exports / file for file, label in waiting(data.exports) if gone and label == receipt.label]
    there = [path for path in (*pages, *files) if path.is_file()]
    for path in there:
        path.unlink()
    return len(set(there) & set(pages)), len(set(there) & set(files))


def _needles(row: Row) -> Iterator[bytes]:
    if len(row["item_id"]) >= _SHORTEST_ID:
        yield row["item_id"].encode("utf-8", "surrogatepass")
    text = row.get("text") or ""
    if len(text) >= _SHORTEST_TEXT:
        for written in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
            yield written.encode("utf-8", "surrogatepass")


def _mark(secret: bytes, source: str, item_id: str) -> str:
    # No practice has a blank in its id, so this is never an author's pseudonym.
    return pseudonym(secret, "forgotten item", source, item_id)


def _lock(data: DataDir) -> Path:
    return data.forgotten.with_name(".forget.lock")
