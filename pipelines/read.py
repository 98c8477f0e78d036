"""Read: turn a night's kept pages into records of common shapes, and say how complete they are.

Reading again is always safe and is how a changed platform is repaired: mend the source, read the kept pages.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from pipelines.errors import NotReady, RapportError, SeveralFailed
from pipelines.forgotten import Forgotten, LeftOut, Traces, let_go, nobody_forgets
from pipelines.landing import DataDir, Receipt, SavedPage, atomic_path, read_page, write_bytes
from pipelines.practices import Practices
from pipelines.records import COMPLETENESS, RECORDS, Completeness, Record, SetAside, read_table, write_table
from pipelines.sources import SourceModule, load_source

# What a platform's own total is compared with, and what a complete listing lists.
COUNTED = ("review", "post", "comment", "share")


class ReadResult(msgspec.Struct, frozen=True):
    """How much a night brought; `forgotten` records were left out because somebody asked for it."""

    records: int
    set_aside: int
    failed: int
    forgotten: int = 0


def read(
    source_name: str, night: dt.date, practices: Practices, data: DataDir, *, say: Callable[[str], None]
) -> ReadResult:
    """Write records, completeness and what was set aside of one source's night.

    Raises NotReady if the night was not fetched or its pages have expired, and SeveralFailed, after writing all others,
    if a visit's pages do not have the shape we know.
    """
    source = load_source(source_name)
    if not data.pages(source_name, night).is_dir():
        raise NotReady(
            f"nothing was fetched for the night of {night}",
            where=source_name,
            next_step=f"Run `rapport fetch {source_name} {night}` first",
        )
    receipts = data.receipts(source_name, night)
    # Before anything is written: what was made of the pages while they were there must stand.
    gone = [
        path
        for receipt in receipts
        for path in data.page_files(receipt)
        if not path.is_file() and path.name not in receipt.let_go
    ]
    if gone or (any(receipt.let_go for receipt in receipts) and not data.records(source_name, night).is_file()):
        raise NotReady(
            f"the pages of the night of {night} have expired",
            where=source_name,
            next_step="Nothing needs doing: what was made of them stands as it is",
        )
    with nobody_forgets(data):
        return _read(source, night, receipts, practices, data, say)


def _read(
    source: SourceModule,
    night: dt.date,
    receipts: list[Receipt],
    practices: Practices,
    data: DataDir,
    say: Callable[[str], None],
) -> ReadResult:
    source_name = source.SOURCE.name
    forgotten = Forgotten(data, source.SOURCE, practices)
    standing = _Standing(data, source_name, night, receipts)
    records: dict[tuple[str, str, str, str], Record] = {}
    aside: list[SetAside] = []
    rows: list[Completeness] = []
    failures: list[RapportError] = []
    fields: set[str] = set()
    left_out: list[LeftOut] = []
    let_go_of: list[tuple[Receipt, set[str]]] = []
    for number, receipt in enumerate(receipts, 1):
        if receipt.status != "ok":
            rows += _unread(source, receipt, receipt.why)
            continue
        if receipt.let_go:
            found, of_visit, counted = standing.of(receipt)
            found, _ = _without(forgotten, found)
            rows += of_visit
            left_out += counted
            let_go_of.append((receipt, set()))
            say(f"  {number}/{len(receipts)} {receipt.label}: as it was, because a page was deleted on request")
        else:
            try:
                found = []
                for page in data.saved_pages(receipt):
                    found += source.read(page, practices)
                    fields |= page.fields
                found, gone_records = _without(forgotten, found)
                rows += _complete(source, receipt, practices, found)
            except RapportError as error:
                failures.append(error)
                rows += _unread(source, receipt, error.what)
                say(f"  {number}/{len(receipts)} {receipt.label}: {type(error).__name__}")
                continue
            if gone_records:
                forgotten.remember_below(gone_records, night)
                let_go_of.append((receipt, Traces(gone_records).pages(data, receipt)))
                left_out += _counted(receipt.label, gone_records)
        aside += [item for item in found if isinstance(item, SetAside)]
        for record in found:
            if isinstance(record, Record):
                _keep_newest(records, record)
        say(f"  {number}/{len(receipts)} {receipt.label}: {len(found)} records")
    _write(data, source_name, night, records.values(), rows, aside)
    _write_left_out(data.left_out(source_name, night), left_out)
    for receipt, names in let_go_of:
        let_go(data, receipt, names)
    _note_new_fields(data, source_name, night, fields, say)
    forgot = sum(each.records for each in left_out)
    told = f", {forgot} left out because somebody asked to be forgotten" if forgot else ""
    say(f"{source.SOURCE.title}: {len(records)} records, {len(aside)} set aside{told}")
    if failures:
        raise SeveralFailed(
            f"{len(failures)} of {len(receipts)} visits could not be read:",
            failures,
            where=f"{source_name}, night {night}",
            next_step=f"The others are read. After mending, run `rapport read {source_name} {night}` again",
        )
    return ReadResult(len(records), len(aside), sum(row.status == "failed" for row in rows), forgot)


class _Standing:
    """What a night made of visits that cannot be read again, because a page of theirs was deleted on request."""

    def __init__(self, data: DataDir, source: str, night: dt.date, receipts: list[Receipt]) -> None:
        self._data = data
        if not any(receipt.let_go for receipt in receipts):
            return
        self._records = [_record(row) for row in read_table(data.records(source, night), RECORDS)]
        self._rows = [Completeness(**row) for row in read_table(data.completeness(source, night), COMPLETENESS)]
        aside = data.set_aside(source, night)
        lines = aside.read_bytes().splitlines() if aside.is_file() else []
        self._aside = [msgspec.json.decode(line, type=SetAside) for line in lines]
        self._left_out = read_left_out(data, source, night)

    def of(self, receipt: Receipt) -> tuple[list[Record | SetAside], list[Completeness], list[LeftOut]]:
        folder = f"{self._data.relative(self._data.visit_folder(receipt))}/"
        found: list[Record | SetAside] = [*self._records, *self._aside]
        return (
            [item for item in found if item.page.startswith(folder)],
            [row for row in self._rows if row.label == receipt.label],
            [each for each in self._left_out if each.label == receipt.label],
        )


def read_left_out(data: DataDir, source: str, night: dt.date) -> list[LeftOut]:
    """Return how much each visit of a night left out because somebody asked to be forgotten."""
    path = data.left_out(source, night)
    return msgspec.json.decode(path.read_bytes(), type=list[LeftOut]) if path.is_file() else []


def _write_left_out(path: Path, left_out: list[LeftOut]) -> None:
    if left_out:
        write_bytes(path, msgspec.json.encode(left_out))
    else:
        path.unlink(missing_ok=True)


def _record(row: dict[str, Any]) -> Record:
    held = {name: value for name, value in row.items() if name != "night"}
    return Record(**held | {"mentions": tuple(row["mentions"])})


def _without(
    forgotten: Forgotten, found: list[Record | SetAside]
) -> tuple[list[Record | SetAside], list[dict[str, Any]]]:
    """Divide what a visit found into what stays and the records that are forgotten."""
    if not forgotten:
        return found, []
    records = [item for item in found if isinstance(item, Record)]
    told = [msgspec.structs.asdict(record) for record in records]
    places = forgotten.left_out(told)
    gone = {id(records[place]) for place in places}
    return [item for item in found if id(item) not in gone], [told[place] for place in sorted(places)]


def _counted(label: str, rows: list[dict[str, Any]]) -> list[LeftOut]:
    of_place = Counter((row["practice_id"], row["site"]) for row in rows)
    return [
        LeftOut(label=label, practice_id=practice_id, site=site, records=number)
        for (practice_id, site), number in sorted(of_place.items())
    ]


def read_one_page(source_name: str, path: Path, practices: Practices) -> list[Record | SetAside]:
    """Return what a source finds in one saved response, from inside or outside the data directory."""
    source = load_source(source_name)
    name = path.name.removesuffix(".zst")
    label = path.parent.name
    beside = path.parent / "receipt.json"
    receipt = (
        msgspec.json.decode(beside.read_bytes(), type=Receipt)
        if beside.is_file()
        else Receipt(
            source=source_name, night=dt.date.max - dt.timedelta(days=1), label=label or "page", about={"file": name}
        )
    )
    try:
        body = read_page(path)
    except FileNotFoundError:
        raise NotReady("there is no such file", where=str(path), next_step="Check the path") from None
    return list(source.read(SavedPage(path=path.as_posix(), body=body, receipt=receipt), practices))


def _note_new_fields(data: DataDir, source: str, night: dt.date, fields: set[str], say: Callable[[str], None]) -> None:
    """Say which fields a platform's records have that they had on no night before: the first sign of a change."""
    before = [n for n in data.nights("fields", source) if n < night]
    known = set(msgspec.json.decode(data.fields(source, before[-1]).read_bytes(), type=list[str])) if before else set()
    if before and (new := sorted(fields - known)):
        say(f"warning: {source} has new fields, which are not read: {', '.join(new)[:300]}")
    if fields:
        write_bytes(data.fields(source, night), msgspec.json.encode(sorted(fields | known)))


def _keep_newest(records: dict[tuple[str, str, str, str], Record], record: Record) -> None:
    """Keep one version of an item: lists that shift while they are paged show some items twice."""
    key = (record.kind, record.site, record.practice_id, record.item_id)
    held = records.get(key)
    if held is None or (record.updated_at and held.updated_at and record.updated_at > held.updated_at):
        records[key] = record


def _complete(
    source: SourceModule, receipt: Receipt, practices: Practices, found: list[Record | SetAside]
) -> list[Completeness]:
    listing = source.listing(receipt, practices)
    owners = receipt.practice_ids
    owner = owners[0] if len(owners) == 1 else ""
    counted = Counter((r.practice_id, r.site) for r in found if isinstance(r, Record) and r.kind in COUNTED)
    sites = dict(counted.keys())
    aside = Counter(
        (item.practice_id or owner, sites.get(item.practice_id or owner, source.SOURCE.site))
        for item in found
        if isinstance(item, SetAside)
    )
    places = set(counted) | set(aside) | {(owner, source.SOURCE.site) for owner in owners}
    return [
        Completeness(
            source=source.SOURCE.name,
            site=site,
            night=receipt.night,
            label=receipt.label,
            practice_id=practice_id,
            status="ok",
            # A record that could not be read would otherwise count as absent, and so as removed.
            complete=listing.complete and not aside,
            can_reply=listing.can_reply,
            expected=receipt.expected,
            fetched=counted[(practice_id, site)],
            set_aside=aside[(practice_id, site)],
            why=receipt.why or None,
        )
        for practice_id, site in sorted(places)
    ]


def _unread(source: SourceModule, receipt: Receipt, why: str) -> list[Completeness]:
    """Say of each practice the visit was for that it brought nothing, and why."""
    return [
        Completeness(
            source=source.SOURCE.name,
            site=source.SOURCE.site,
            night=receipt.night,
            label=receipt.label,
            practice_id=practice_id,
            status="skipped" if receipt.status == "skipped" else "failed",
            complete=False,
            can_reply=True,
            expected=None,
            fetched=0,
            set_aside=0,
            why=why,
        )
        for practice_id in receipt.practice_ids or [""]
    ]


def _write(
    data: DataDir,
    source: str,
    night: dt.date,
    records: Iterable[Record],
    rows: list[Completeness],
    aside: list[SetAside],
) -> None:
    ordered = sorted(records, key=lambda r: (r.practice_id, r.site, r.kind, r.item_id))
    with atomic_path(data.records(source, night)) as partial:
        write_table(({**msgspec.structs.asdict(r), "night": night} for r in ordered), RECORDS, partial)
    by_place = sorted(rows, key=lambda row: (row.label, row.practice_id, row.site))
    with atomic_path(data.completeness(source, night)) as partial:
        write_table((msgspec.structs.asdict(row) for row in by_place), COMPLETENESS, partial)
    target = data.set_aside(source, night)
    if aside:
        write_bytes(target, b"".join(msgspec.json.encode(item) + b"\n" for item in aside))
    else:
        target.unlink(missing_ok=True)
