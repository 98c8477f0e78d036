"""Reading the published warehouse: opened read-only, and compared by what is in it.

A new connection is attached from memory: DuckDB would hand a process that still holds yesterday's file the same
old file again, although its name already means the new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import NotReady
from pipelines.landing import DataDir

SCHEMAS = ("staging", "core", "metrics", "reports")


@contextmanager
def open_warehouse(data: DataDir) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a read-only connection to the published warehouse. Raises NotReady saying which file, and what to do."""
    with open_file(data.warehouse) as connection:
        yield connection


@contextmanager
def open_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a read-only connection to a warehouse file. Raises NotReady if it is missing, locked or damaged."""
    log = path.with_name(f"{path.name}.wal")
    if not path.is_file():
        raise NotReady("there is no warehouse yet", where=path.name, next_step="Run `rapport build`")
    if log.exists():
        # A log that does not belong to the file ends the process, not just the query.
        raise NotReady(
            f"somebody wrote to the warehouse by hand and left {log.name}",
            where=path.name,
            next_step="Close that programme and run `rapport build`, which makes both anew",
        )
    connection = duckdb.connect()
    try:
        _attach(connection, path)
        yield connection
    finally:
        connection.close()


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        connection.execute(f"attach {quoted(str(path))} as warehouse (read_only)")
        connection.execute("use warehouse")
        known = connection.execute("select count(*) from information_schema.tables where table_schema = 'reports'")
        found = known.fetchone()
    except duckdb.Error as error:
        locked = "lock" in str(error).casefold()
        raise NotReady(
            "another programme is writing to the warehouse" if locked else "the warehouse cannot be read",
            where=path.name,
            next_step="Close the programme that has it open" if locked else "Run `rapport build`, which makes it anew",
        ) from None
    if not found or not found[0]:
        raise NotReady(
            "the warehouse has no reports in it", where=path.name, next_step="Run `rapport build`, which makes it anew"
        )
    # Whoever renders needs this one file and nothing else that SQL could reach.
    connection.execute("set enable_external_access = false")


def name_files(connection: duckdb.DuckDBPyConnection, inputs: Path) -> None:
    """Give a connection what a build is made of, as the variables its SQL asks for: lists of files, and of the first
    and the last practices of the ranges; `inputs` holds them.
    """
    lists: dict[str, list[str]] = json.loads(inputs.read_text(encoding="utf-8"))
    for name, files in lists.items():
        listed = ", ".join(map(quoted, files))
        connection.execute(f"set variable {name} = [{listed}]")


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] | Mapping[str, object] = ()
) -> list[dict[str, Any]]:
    """Return what a query finds, as one dict per row in the query's order."""
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return every table as "schema.name", in alphabetical order."""
    listed = rows(
        connection,
        "select table_schema || '.' || table_name as name from information_schema.tables "
        "where table_catalog = current_catalog() and list_contains($schemas, table_schema) order by 1",
        {"schemas": list(SCHEMAS)},
    )
    return [row["name"] for row in listed]


def export(path: Path, folder: Path) -> list[Path]:
    """Write every table of a warehouse file as `schema.name.csv`, all rows in order, and return the files.

    Two warehouses with the same rows give the same bytes, which their `.duckdb` files never have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with open_file(path) as connection:
        for name in tables(connection):
            written.append(folder / f"{name}.csv")
            with written[-1].open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(_lines(connection, name))
    return written


def _lines(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[str]:
    ordered = connection.sql(f"from {table}").project("columns(*)::varchar").order("all")
    yield ",".join(ordered.columns) + "\n"
    while some := ordered.fetchmany(10_000):
        for row in some:
            yield ",".join(map(_cell, row)) + "\n"


def _cell(value: str | None) -> str:
    """Tell NULL (nothing) from an empty text (two quotes)."""
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def table_hashes(path: Path) -> dict[str, str]:
    """Return, by table, a hash of its rows in order."""
    hashes = {}
    with open_file(path) as connection:
        for name in tables(connection):
            hashed = hashlib.sha256()
            for line in _lines(connection, name):
                hashed.update(line.encode())
            hashes[name] = hashed.hexdigest()
    return hashes


def warehouse_hash(path: Path) -> str:
    """Return one hash of everything in a warehouse file: equal if and only if all tables have the same rows."""
    told = "\n".join(f"{name} {value}" for name, value in table_hashes(path).items())
    return hashlib.sha256(told.encode()).hexdigest()


def quoted(text: str) -> str:
    """Return a text as SQL writes it where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"
