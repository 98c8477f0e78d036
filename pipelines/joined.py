"""Joins nightly files of months and half-years that are over: most of what a night sees others have seen before.

Of years of nightly files DuckDB spends more time on opening them than on reading, and what the nights of a period read
alike is one row. A file is named by the content of its nights, so a night that was scored again, or whose features have
expired, makes another one. A period is made of reports' months: the night of the 1st is the last of the month before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import ChangedShape
from pipelines.landing import DataDir, atomic_path
from pipelines.periods import half_year, month_of_night
from pipelines.records import COMPLETENESS, FEATURES, READINGS

# Of a kind of nightly files the columns of a night, and those of the nights of a period.
_SCHEMAS = {"features": (FEATURES, READINGS), "completeness": (COMPLETENESS, COMPLETENESS)}
DAILY = tuple(_SCHEMAS)
# In small groups, so that some practices and some kinds of rows can be read without all others.
_ORDER = {
    "features": [("practice_id", "ascending"), ("kind", "ascending")],
    "completeness": [("practice_id", "ascending")],
}
_ROWS_OF_A_GROUP = 16_384
_ROWS_AT_A_TIME = 400_000


class Night(msgspec.Struct, frozen=True, array_like=True):
    """A nightly file: the hash of its content, and by what it is known that this is still the same."""

    digest: str
    size: int
    modified: int
    inode: int


def nights_of(paths: Iterable[Path], root: Path, known: Mapping[str, Night]) -> dict[str, Night]:
    """Return the files by their names below `root`. Those that are as they were `known` are not read again."""
    found = {}
    for path in paths:
        name, stat = str(path.relative_to(root)), path.stat()
        before = known.get(name)
        if before and (before.size, before.modified, before.inode) == (stat.st_size, stat.st_mtime_ns, stat.st_ino):
            found[name] = before
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[name] = Night(digest, stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return found


def join(data: DataDir, kind: str, paths: Sequence[Path], nights: Mapping[str, Night]) -> list[Path]:
    """Return files with the rows of all nights: of months and half-years that are over, and of each night since.

    The columns of each night are checked once, before it is joined: opening thousands of files takes longer than
    finding out what a night touched. Raises ChangedShape if they are not the agreed ones.
    """
    chosen: list[Path] = []
    for source, of_source in groupby(paths, key=lambda path: path.parent.name):
        joining = _Joining(data, kind, source, nights)
        months = {
            month: list(of_month)
            for month, of_month in groupby(of_source, key=lambda path: month_of_night(dt.date.fromisoformat(path.stem)))
        }
        halves = [list(of_half) for _, of_half in groupby(months, key=half_year)]
        # Of the first half-year the nights may be expiring one by one, and the last one may get more.
        chosen += [joining.half_year({month: months.pop(month) for month in half}) for half in halves[1:-1]]
        _, of_the_last = months.popitem()
        chosen += [joining.nights(month, of_month) for month, of_month in months.items()]
        # Nights of a month that may get more are not joined to others, as they would be each night.
        chosen += [joining.nights(night.stem, [night]) for night in of_the_last]
    return chosen


class _Joining:
    """The files of one source's nights of a kind."""

    def __init__(self, data: DataDir, kind: str, source: str, nights: Mapping[str, Night]) -> None:
        self._data, self._kind, self._nights = data, kind, nights
        self._folder = data.joined(kind, source)

    def half_year(self, months: Mapping[str, Sequence[Path]]) -> Path:
        path = self._file(half_year(next(iter(months))), [night for of_month in months.values() for night in of_month])
        if not self._stands(path):
            _join_months(self._kind, [self.nights(month, of_month) for month, of_month in months.items()], path)
        return path

    def nights(self, name: str, nights: Sequence[Path]) -> Path:
        path = self._file(name, nights)
        if not self._stands(path):
            _join_nights(self._data, self._kind, nights, path)
        return path

    def _file(self, name: str, nights: Sequence[Path]) -> Path:
        digests = [self._nights[str(path.relative_to(self._data.root))].digest for path in nights]
        told = "\n".join([_READ_ALIKE, str(_ORDER[self._kind]), *digests])
        return self._folder / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:32]}.parquet"

    def _stands(self, path: Path) -> bool:
        return path.exists() and pq.read_schema(path).equals(_SCHEMAS[self._kind][1])


def read_alike(told: pa.Table) -> pa.Table:
    """Return rows of features, or readings of several periods, as `READINGS`: what was read alike is one row.

    Nothing is lost, and the rows are in no order.
    """
    if "nights" in told.column_names:
        without, sights = ", nights, pages, positions", "flatten(list(list_zip(nights, pages, positions)))"
    else:
        without, sights = "", "list(row(night, page, position))"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("told", told)
        alike = connection.execute(_READ_ALIKE.format(without=without, sights=sights)).to_arrow_table()
    return alike.select(READINGS.names).cast(READINGS)


# Equal in all but where and when it was read. Only of what people wrote is asked how it was read on which nights; a
# number or a search belongs to the month of its last night, so of these the months stay apart.
_READ_ALIKE = """
with alike as (
    select
        * exclude (night, page, position{without}),
        list_sort({sights}) as sights,
        case
            when kind not in ('review', 'reply', 'post', 'comment', 'share') then date_trunc('month', night - 1)
        end as month
    from told
    group by all
)

select
    * exclude (sights, month),
    sights[-1][1] as night,
    sights[-1][2] as page,
    sights[-1][3] as position,
    list_transform(sights, lambda sight: sight[1]) as nights,
    list_transform(sights, lambda sight: sight[2]) as pages,
    list_transform(sights, lambda sight: sight[3]) as positions
from alike
"""


def _join_nights(data: DataDir, kind: str, nights: Sequence[Path], target: Path) -> None:
    schema = _SCHEMAS[kind][0]
    for night in nights:
        _check_columns(data, night, kind, schema)
    rows = pa.concat_tables([pq.read_table(path, schema=schema) for path in nights])
    _write(kind, [read_alike(rows) if kind == "features" else rows], target)


def _join_months(kind: str, months: Sequence[Path], target: Path) -> None:
    if kind != "features":
        _write(kind, [pa.concat_tables([pq.read_table(path) for path in months])], target)
        return
    with duckdb.connect() as connection:
        connection.execute("set variable files = ?", [[str(path) for path in months]])
        _write(kind, map(read_alike, _parts(connection)), target)


def _parts(connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
    """Give the rows of some practices after others, in their order, so that they fit into memory however many."""
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(
        "create temp table parts as select practice_id, sum(rows) over (order by practice_id) // ? as part from "
        "(select practice_id, count(*) as rows from read_parquet(getvariable('files')) group by practice_id)",
        [_ROWS_AT_A_TIME],
    )
    for first, last in connection.execute(
        "select min(practice_id), max(practice_id) from parts group by part order by part"
    ).fetchall():
        yield connection.execute(
            "select * from read_parquet(getvariable('files')) where practice_id between ? and ?", [first, last]
        ).to_arrow_table()


def _write(kind: str, parts: Iterable[pa.Table], target: Path) -> None:
    joined = _SCHEMAS[kind][1]
    with (
        atomic_path(target) as partial,
        pq.ParquetWriter(partial, joined, compression="zstd", store_schema=False) as writer,
    ):
        for rows in parts:
            writer.write_table(rows.sort_by(_ORDER[kind]), _ROWS_OF_A_GROUP)


def _check_columns(data: DataDir, path: Path, kind: str, schema: pa.Schema) -> None:
    """Refuse a nightly file whose columns are not the agreed ones: DuckDB would cast or drop them without a word."""
    try:
        there = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ChangedShape(
            f"not a readable Parquet file ({type(error).__name__})",
            where=data.relative(path),
            next_step=f"Run `rapport score {path.parent.name} {path.stem}` again",
        ) from None
    if there.equals(schema):
        return
    differing = sorted(
        name for name in {*there.names, *schema.names} if name not in there.names or name not in schema.names
    ) or [name for name in schema.names if there.field(name).type != schema.field(name).type]
    raise ChangedShape(
        f"the {kind} have other columns than this version writes: {', '.join(differing) or 'another order'}",
        where=data.relative(path),
        next_step=f"Run `rapport {'score' if kind == 'features' else 'read'} {path.parent.name} {path.stem}` again",
    )
