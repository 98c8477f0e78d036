"""Read: turn a night's kept pages into records of common shapes, and say how complete they are.

Reading again is always safe and is how a changed platform is repaired: mend the source, read the kept pages.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from pipelines.errors import NotReady, RapportError, SeveralFailed
from pipelines.landing import DataDir, Receipt, SavedPage, atomic_path, read_page, write_bytes
from pipelines.practices import Practices
from pipelines.records import COMPLETENESS, RECORDS, Completeness, Record, SetAside, write_table
from pipelines.sources import SourceModule, load_source

# What a platform's own total is compared with, and what a complete listing lists.
_COUNTED = ("review", "post", "comment", "share")


class ReadResult(msgspec.Struct, frozen=True):
    records: int
    set_aside: int
    failed: int


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
    if any(not path.is_file() for receipt in receipts for path in data.page_files(receipt)):
        raise NotReady(
            f"the pages of the night of {night} have expired",
            where=source_name,
            next_step="Nothing needs doing: what was made of them stands as it is",
        )
    records: dict[tuple[str, str, str, str], Record] = {}
    aside: list[SetAside] = []
    rows: list[Completeness] = []
    failures: list[RapportError] = []
    fields: set[str] = set()
    for number, receipt in enumerate(receipts, 1):
        if receipt.status != "ok":
            rows += _unread(source, receipt, receipt.why)
            continue
        try:
            found: list[Record | SetAside] = []
            for page in data.saved_pages(receipt):
                found += source.read(page, practices)
                fields |= page.fields
            rows += _complete(source, receipt, practices, found)
        except RapportError as error:
            failures.append(error)
            rows += _unread(source, receipt, error.what)
            say(f"  {number}/{len(receipts)} {receipt.label}: {type(error).__name__}")
            continue
        aside += [item for item in found if isinstance(item, SetAside)]
        for record in found:
            if isinstance(record, Record):
                _keep_newest(records, record)
        say(f"  {number}/{len(receipts)} {receipt.label}: {len(found)} records")
    _write(data, source_name, night, records.values(), rows, aside)
    _note_new_fields(data, source_name, night, fields, say)
    say(f"{source.SOURCE.title}: {len(records)} records, {len(aside)} set aside")
    if failures:
        raise SeveralFailed(
            f"{len(failures)} of {len(receipts)} visits could not be read:",
            failures,
            where=f"{source_name}, night {night}",
            next_step=f"The others are read. After mending, run `rapport read {source_name} {night}` again",
        )
    return ReadResult(len(records), len(aside), sum(row.status == "failed" for row in rows))


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
    counted = Counter((r.practice_id, r.site) for r in found if isinstance(r, Record) and r.kind in _COUNTED)
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
