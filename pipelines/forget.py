"""Forget: an item, or everything of an author, is removed from wherever it is kept, and no night brings it back.

The mark comes first, so that whatever is read from then on leaves it out. Pages are looked through while the rows that
lead to them are still there; a night's files, the warehouse and the reports are written anew, because nothing less
erases. Killed at any point, the same command finishes. What was sent holds no words and no names, and stays.
"""

from __future__ import annotations

import datetime as dt
import functools
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.build import build
from pipelines.errors import BadPractices, NotReady, RapportError, UnknownName
from pipelines.forgotten import WRITTEN, Forgotten, Request, Requests, Traces, let_go, nothing_is_read
from pipelines.kept import without
from pipelines.landing import DataDir, Receipt, atomic_path
from pipelines.ledger import Ledger, sending_alone
from pipelines.pdf import standing_manifest
from pipelines.periods import parse_month
from pipelines.practices import Practices
from pipelines.read import COUNTED
from pipelines.records import COMPLETENESS, FEATURES, RECORDS, read_table, write_table
from pipelines.render import render
from pipelines.restate import restatements
from pipelines.score import features_of
from pipelines.settings import Settings
from pipelines.sources import SourceModule, load_source, source_names
from pipelines.urgent import Causes

_NAMES = {
    "pages": "raw pages",
    "exports": "files in exports/",
    "receipts": "receipts that remembered it",
    "urgent": "urgent causes",
    "records": "rows of records",
    "features": "rows of features",
    "completeness": "counts of a night",
    "joined": "joined files of build/",
    "warehouse": "warehouses written anew",
    "withdrawn": "unsent reports withdrawn",
    "linked": "linked reports not sent",
    "made": "reports made again",
    "looks": "first looks taken down",
}


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """How much was removed from a place."""

    place: str
    removed: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be forgotten: an item of a source by its id or its link, or everything by an author's pseudonym."""

    source: str = ""
    item: str = ""
    author_key: str = ""
    practice_id: str = ""


class _Row(NamedTuple):
    """One sight of what is to be removed; `text` only where there are records yet."""

    source: str
    kind: str
    practice_id: str
    item_id: str
    url: str | None
    page: str
    text: str | None


class _Place(NamedTuple):
    """A data directory: the one of all practices, or the first look at `look`, which may be of nobody any more."""

    look: str
    data: DataDir
    practices: Practices | None

    @property
    def known(self) -> set[str]:
        return {practice.id for practice in self.practices.practice} if self.practices else set()


def forget(
    wanted: Wanted,
    practices: Practices,
    data: DataDir,
    settings: Settings,
    today: dt.date,
    *,
    say: Callable[[str], None],
) -> list[Removed]:
    """Remove every trace of what is wanted and return how much was removed from each place.

    Raises UnknownName for an unknown source or practice and where nothing is kept, NotReady where a night is at work
    or has yet to be read, BadPractices where practices.toml names it, and what `build` and `render` raise.
    """
    sources = [wanted.source] if wanted.source else source_names()
    modules = {name: load_source(name) for name in sources}
    if wanted.practice_id:
        practices.get(wanted.practice_id)
    _refuse_what_is_nobody_s(wanted)
    done: Counter[str] = Counter()
    requests = Requests(data)
    places = _places(data, practices)
    with nothing_is_read(data):
        rows = {place.look: _look(wanted, place.data, sources) for place in places}
        asked = _asked(wanted, requests, [row for held in rows.values() for row in held])
        since = requests.asked_on(asked[0])
        if since is None and not any(rows.values()):
            raise UnknownName(
                "nothing of it is kept",
                where=f"forget {wanted.source or 'author key'}",
                next_step="Give the item's id or link as `rapport explain` and the Reports pages have it. What was "
                "never read, or has expired, cannot be found; what comes later can be asked for then",
            )
        _refuse_marks(practices, rows.values())
        if since is not None and not any(rows.values()) and not requests.unfinished():
            say(f"it is forgotten since {since}, and nothing of it is left")
            return []
        requests.add(asked, today)
        finder = {name: _Finder(module, data, practices) for name, module in modules.items()}
        pages = {place.look: list(_pages(place, rows[place.look], finder)) for place in places}
        for place in places:
            _remove_pages(place.data, pages[place.look], done)
            _forget_remembered(place.data, rows[place.look], finder, done)
            _withdraw(place, rows[place.look], requests, done, say)
            _forget_urgent(place.data, finder, done)
            for name in sources:
                _rewrite_nights(place, finder[name], done, say)
    try:
        for place in places:
            _build(place, settings, done, say)
        for place in places:
            _render(place, requests, done, say)
    except RapportError:
        say("not finished: no night holds it any more, but the warehouse or a report is not made anew. Run this again")
        raise
    requests.done(today)
    return [Removed(place=told, removed=done[name]) for name, told in _NAMES.items()]


def _refuse_what_is_nobody_s(wanted: Wanted) -> None:
    if wanted.author_key and not (len(wanted.author_key) == 16 and set(wanted.author_key) <= set("0123456789abcdef")):
        raise UnknownName(
            "this is no author's key: one has 16 digits from 0 to f",
            where="forget",
            next_step="Author keys stand in core.items of the warehouse, column author_key",
        )


def _places(data: DataDir, practices: Practices) -> list[_Place]:
    ids = {practice.id for practice in practices.practice}
    looks = [
        _Place(name, place, practices.alone(name) if name in ids else None)
        for name, place in data.first_looks().items()
    ]
    return [_Place("", data, practices), *looks]


_FOUND = """
with recursive things as materialized (
    select distinct source, kind, site, practice_id, item_id, parent_id, thread_id from sights
),
asked as (
    select distinct source, practice_id, site, item_id from sights
    where list_contains($written, kind) and (item_id = $item or author_key = $author)
    and practice_id = coalesce($practice, practice_id)
),
linked as (
    select distinct source, practice_id, site, item_id from sights
    where not exists (from asked) and url = $item and list_contains(['review', 'post', 'comment'], kind)
    and practice_id = coalesce($practice, practice_id)
),
above as (
    select * exclude (parent_id, thread_id), unnest([parent_id, thread_id]) as above_id from things
),
found as (
    select * from asked
    union
    select * from linked
    union
    select above.source, above.practice_id, above.site, above.item_id
    from found
    inner join above
        on found.source = above.source and found.practice_id = above.practice_id and found.site = above.site
        and found.item_id = above.above_id
)
select sights.source, sights.kind, sights.practice_id, sights.item_id, sights.url, sights.page, sights.text,
    (select count(distinct item_id) from linked) as meant
from sights
semi join found
    on sights.source = found.source and sights.practice_id = found.practice_id and sights.site = found.site
    and sights.item_id = found.item_id
"""


def _look(wanted: Wanted, data: DataDir, sources: Iterable[str]) -> list[_Row]:
    """Return every sight of what is wanted and of all below it. Raises UnknownName for a link that means several."""
    named = "source, kind, site, practice_id, item_id, parent_id, thread_id, url, page"
    files = {
        stage: [str(path) for name in sources for path in sorted((data.root / stage / name).glob("*.parquet"))]
        for stage in ("features", "records")
    }
    with duckdb.connect() as connection:
        sights = [
            connection.read_parquet(of_stage).project(f"{named}, {more}")
            for of_stage, more in (
                (files["features"], "author_key, null::varchar as text"),
                (files["records"], "null::varchar as author_key, text"),
            )
            if of_stage
        ]
        if not sights:
            return []
        functools.reduce(lambda one, other: one.union(other), sights).create_view("sights")
        given = {
            "written": list(WRITTEN),
            "item": wanted.item or None,
            "author": wanted.author_key or None,
            "practice": wanted.practice_id or None,
        }
        found = connection.execute(_FOUND, given).fetchall()
    if found and found[0][-1] > 1:
        raise UnknownName(
            f"this link is that of {found[0][-1]} items",
            where=f"forget {wanted.source}",
            next_step="Give the id of the one that is meant: `rapport explain` lists ids",
        )
    return [_Row(*row[:-1]) for row in found]


def _asked(wanted: Wanted, requests: Requests, rows: Iterable[_Row]) -> list[Request]:
    """Return the marks to keep: of what was asked for first, then of each item that is found."""
    first = (
        Request(kind="author", source="", practice_id="", mark=wanted.author_key)
        if wanted.author_key
        else requests.item(wanted.source, wanted.item, wanted.practice_id)
    )
    found = {(row.source, row.item_id) for row in rows if row.kind in WRITTEN}
    return [first, *(requests.item(source, item, wanted.practice_id) for source, item in sorted(found))]


def _refuse_marks(practices: Practices, rows: Iterable[Sequence[_Row]]) -> None:
    """Refuse while practices.toml names an item: each build would write its id or link into the warehouse."""
    names = {(row.practice_id, name) for held in rows for row in held for name in (row.item_id, row.url)}
    for practice in practices.practice:
        for number, mark in enumerate(practice.handled_privately, 1):
            if (practice.id, mark.item) in names:
                raise BadPractices(
                    f"block {number} of handled_privately names it",
                    where=practice.id,
                    next_step="Take that block out of practices.toml and run this again; nothing was removed yet",
                )


class _Finder:
    """Finds what is forgotten of one source, in rows and on pages."""

    def __init__(self, module: SourceModule, data: DataDir, practices: Practices) -> None:
        self.name, self._module, self._practices = module.SOURCE.name, module, practices
        self.forgotten = Forgotten(data, module.SOURCE, practices)

    def pages(self, data: DataDir, receipt: Receipt, traces: Traces) -> set[str]:
        """Return the pages of a visit that hold it, as far as they are there: by what is read from them, too."""
        found = traces.pages(data, receipt)
        there = {path.name for path in data.page_files(receipt) if path.is_file()}
        for page in data.saved_pages(msgspec.structs.replace(receipt, pages=sorted(there - found))):
            try:
                read = [item for item in self._module.read(page, self._practices) if hasattr(item, "kind")]
            except RapportError:
                # What cannot be read holds nothing that was.
                continue
            if self.forgotten.left_out([msgspec.structs.asdict(item) for item in read]):
                found.add(Path(page.path).name)
        return found | (there & set(receipt.let_go))


def _receipts(place: DataDir, source: str, own: Collection[str]) -> Iterator[Receipt]:
    """Yield the receipts of visits that were for any of these practices, or for files of anybody's."""
    for night in place.nights("pages", source):
        for receipt in place.receipts(source, night):
            if own and (not receipt.practice_ids or set(receipt.practice_ids) & set(own)):
                yield receipt


def _pages(place: _Place, rows: Sequence[_Row], finders: Mapping[str, _Finder]) -> Iterator[tuple[Receipt, set[str]]]:
    """Yield the visits with pages that hold it. Raises NotReady for one that was not read yet."""
    for name, finder in finders.items():
        of_source = [row for row in rows if row.source == name]
        traces = Traces(row._asdict() for row in of_source)
        for receipt in _receipts(place.data, name, {row.practice_id for row in of_source}):
            if not (names := finder.pages(place.data, receipt, traces)):
                continue
            if not place.data.completeness(name, receipt.night).is_file():
                raise NotReady(
                    f"the night of {receipt.night} was pulled and is not read yet",
                    where=name,
                    next_step=f"Run `rapport read {name} {receipt.night}`, which leaves it out, and then this again; "
                    "nothing was removed yet",
                )
            yield receipt, names


def _remove_pages(data: DataDir, pages: Iterable[tuple[Receipt, set[str]]], done: Counter[str]) -> None:
    for receipt, names in pages:
        gone, files = let_go(data, receipt, names)
        done["pages"] += gone
        done["exports"] += files


def _forget_remembered(data: DataDir, rows: Sequence[_Row], finders: Mapping[str, _Finder], done: Counter[str]) -> None:
    """Take it out of what visits ask to be remembered: the ids of what is followed from night to night."""
    for name, finder in finders.items():
        for receipt in _receipts(data, name, {row.practice_id for row in rows if row.source == name}):
            keep = without(receipt.keep, finder.forgotten.is_item)
            if keep != receipt.keep:
                data.keep_receipt(msgspec.structs.replace(receipt, keep=keep))
                done["receipts"] += 1


def _withdraw(
    place: _Place, rows: Sequence[_Row], requests: Requests, done: Counter[str], say: Callable[[str], None]
) -> None:
    """Take the reports that were not sent out of the way, and keep which are to be made again.

    Nothing goes out meanwhile: without its manifest no PDF is sent, and another one is not the one that was approved.
    """
    data, own = place.data, {row.practice_id for row in rows}
    sending = nullcontext() if place.look else sending_alone(data)
    with sending:
        ledger = Ledger(data.ledger).rows() if data.ledger.is_file() else []
        out = {(row.practice_id, row.month, row.version) for row in ledger if row.state not in ("planned", "failed")}
        found = {(path.parent.name, path.stem) for path in data.report("", "").parent.glob("????-??/*.pdf")}
        asked = {(month, one) for month, one in found if one in own} | set(requests.queued(place.look))
        unsent = sorted((month, one) for month, one in asked if (one, month, _version(data, month, one)) not in out)
        requests.queue(place.look, unsent)
        for month, one in unsent:
            # The manifest first: without it the others count for nothing.
            there = [path for path in _files(data, month, one) if path.is_file()]
            for path in there:
                path.unlink()
            done["withdrawn"] += bool(there)
        for row in ledger:
            linked = data.linked(row.identity)
            if row.practice_id in own and row.state in ("planned", "failed") and linked.is_file():
                linked.unlink()
                done["linked"] += 1
    if sent := len(asked) - len(unsent):
        say(f"{sent} reports that were sent stay: they hold no words and no names of anybody who wrote")


def _version(data: DataDir, month: str, practice_id: str) -> int:
    manifest = standing_manifest(data.report(month, practice_id), data.manifest(month, practice_id))
    return int(manifest["version"]) if manifest else len(restatements(data, parse_month(month), practice_id)) + 1


def _files(data: DataDir, month: str, practice_id: str) -> tuple[Path, Path, Path]:
    return data.manifest(month, practice_id), data.report(month, practice_id), data.twin(month, practice_id)


def _forget_urgent(data: DataDir, finders: Mapping[str, _Finder], done: Counter[str]) -> None:
    if data.urgent.is_file():
        causes = Causes(data.urgent)
        gone = [
            cause
            for cause in causes.all()
            if cause.source in finders and finders[cause.source].forgotten.is_item(cause.item_id, cause.practice_id)
        ]
        causes.remove(gone)
        done["urgent"] += len(gone)


def _rewrite_nights(place: _Place, finder: _Finder, done: Counter[str], say: Callable[[str], None]) -> None:
    data, source = place.data, finder.name
    for night in sorted({*data.nights("records", source), *data.nights("features", source)}):
        before = sum(done[name] for name in ("records", "features"))
        _rewrite_night(place, finder, night, done)
        if rows := sum(done[name] for name in ("records", "features")) - before:
            say(f"  {source}, {night}: {rows} rows")


def _rewrite_night(place: _Place, finder: _Finder, night: dt.date, done: Counter[str]) -> None:
    """Write a night's files anew without it: its counts first, because they are counted by what is left of the others.

    Whether a text is alike to others is told by the others, so a practice that loses one is scored anew where its
    records are still there; where they have expired, what was judged stands.
    """
    data, source, forgotten = place.data, finder.name, finder.forgotten
    records, features = data.records(source, night), data.features(source, night)
    if not any(_may_hold(path, forgotten) for path in (records, features) if path.is_file()):
        return
    read = read_table(records, RECORDS) if records.is_file() else []
    scored = read_table(features, FEATURES) if features.is_file() else []
    read_gone, scored_gone = forgotten.left_out(read), forgotten.left_out(scored)
    read_left = [row for number, row in enumerate(read) if number not in read_gone]
    left = [forgotten.without_mentions(row) for number, row in enumerate(scored) if number not in scored_gone]
    lost = [*(read[number] for number in read_gone), *(scored[number] for number in scored_gone)]
    if lost:
        done["completeness"] += _count_again(data.completeness(source, night), lost, read_left if read else left)
    if left != scored:
        again = {row["practice_id"] for row in lost} & place.known if records.is_file() else set()
        fresh = features_of(
            source, [row for row in read_left if row["practice_id"] in again], place.practices or Practices(), data
        )
        left = [row for row in left if row["practice_id"] not in again]
        left += [forgotten.without_mentions(row) for row in fresh]
        _write(features, sorted(left, key=_order) if again else left, FEATURES)
        done["features"] += len(scored_gone)
    if read_gone:
        _write(records, read_left, RECORDS)
        done["records"] += len(read_gone)


def _may_hold(path: Path, forgotten: Forgotten) -> bool:
    """Tell quickly of a file that it has nothing to do with what is forgotten, by the few texts that name things."""
    there = pq.read_schema(path).names
    by_author = [name for name in ("author_key", "mention_keys") if name in there]
    table = pq.read_table(path, columns=["item_id", "parent_id", "thread_id", *by_author])
    ids = {text for name in ("item_id", "parent_id", "thread_id") for text in table.column(name).unique().to_pylist()}
    keys = {key for name in by_author for key in _keys(table.column(name))}
    return forgotten.may_be_among(ids, keys if by_author else None)


def _keys(column: Any) -> set[str]:
    return set((pc.list_flatten(column) if pa.types.is_list(column.type) else column).unique().to_pylist())


def _order(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Order features as `read` orders records."""
    return row["practice_id"], row["site"], row["kind"], row["item_id"]


def _write(path: Path, rows: Iterable[dict[str, Any]], schema: pa.Schema) -> None:
    with atomic_path(path) as partial:
        write_table(rows, schema, partial)


def _count_again(path: Path, lost: Sequence[Mapping[str, Any]], left: Sequence[Mapping[str, Any]]) -> int:
    """Write a night's counts anew where something was lost, from what is left; return how many changed.

    By what is left and not by what was lost, so that doing it twice is doing it once.
    """
    if not path.is_file():
        return 0
    counted = Counter((*_place_of(row), _label(row)) for row in left if row["kind"] in COUNTED)
    everywhere = {_place_of(row) for row in left if row["kind"] in COUNTED}
    changed = {(*_place_of(row), _label(row)) for row in lost if row["kind"] in COUNTED}
    rows = read_table(path, COMPLETENESS)
    fresh = []
    for row in rows:
        here = (row["practice_id"], row["site"], row["label"])
        # Several visits may have seen the one that was lost, of which the records keep one sight.
        nothing = here[:2] not in everywhere and here[:2] in {each[:2] for each in changed}
        number = 0 if nothing else counted[here] if here in changed else row["fetched"]
        fresh.append(row | {"fetched": min(number, row["fetched"])})
    if fresh != rows:
        _write(path, fresh, COMPLETENESS)
    return sum(one != other for one, other in zip(fresh, rows, strict=True))


def _place_of(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["practice_id"], row["site"]


def _label(row: Mapping[str, Any]) -> str:
    """Return the visit that a row was read from, by its page."""
    return str(row["page"]).split("/")[-2]


def _build(place: _Place, settings: Settings, done: Counter[str], say: Callable[[str], None]) -> None:
    """Build the warehouse anew; what was joined for it goes with the one before."""
    data = place.data
    before = set(data.joined("", "").glob("*/*/*.parquet"))
    was_there = data.warehouse.is_file()
    if not (before or was_there):
        return
    if place.practices is None:
        # Nobody's first look any more: nothing builds it anew.
        shutil.rmtree(data.build_folder, ignore_errors=True)
        shutil.rmtree(data.report("", "").parent, ignore_errors=True)
        data.warehouse.unlink(missing_ok=True)
        done["looks"] += 1
        return
    build(data, place.practices, None, say, others_run=True, full_up_to_rows=settings.full_build_rows)
    done["joined"] += len(before - set(data.joined("", "").glob("*/*/*.parquet")))
    done["warehouse"] += was_there


def _render(place: _Place, requests: Requests, done: Counter[str], say: Callable[[str], None]) -> None:
    """Make the reports that were withdrawn again. Each needs its approval anew, because it is another PDF."""
    for month, practice_id in requests.queued(place.look):
        if practice_id in place.known and place.practices and place.data.warehouse.is_file():
            made = render(place.data, place.practices.alone(practice_id), parse_month(month), say=say)
            done["made"] += len(made)
        requests.made(place.look, month, practice_id)
