"""The SQL of a build, run again in memory over other inputs: a whole warehouse in a second, without dbt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from pipelines import build, records
from pipelines.joined import read_alike
from pipelines.landing import DataDir
from pipelines.periods import half_year, month_of_night
from pipelines.remake import Outcome
from pipelines.sql_functions import register
from pipelines.warehouse import name_files

_SCHEMAS = {
    "features": records.READINGS,
    "completeness": records.COMPLETENESS,
    "practices": build._PRACTICES,
    "sources": build._SOURCES,
    "source_metrics": build._METRICS,
    "topics": build._TOPICS,
    "build": build._BUILD,
}


# What a build does not write down.
_VIEWS = (
    *(("staging", name) for name in ("features", "namings", "completeness")),
    *(("core", "talk"), ("reports", "figures")),
)


class Compiled(tuple[tuple[str, str, str], ...]):
    """Schema, name and SQL of models in the order to run them; told in a word where a test shows its arguments."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{len(self)} compiled models"


@cache
def compiled(data: DataDir, wanted: tuple[str, ...]) -> Compiled:
    """Return schema, name and SQL of the wanted models and all they are made of, in the order to run them."""
    folder = data.build_folder / "dbt"
    parsed = Manifest.from_msgpack((folder / "partial_parse.msgpack").read_bytes())
    models = {id_: node for id_, node in parsed.nodes.items() if isinstance(node, ModelNode)}
    order: dict[str, None] = {}

    def visit(id_: str) -> None:
        for parent in models[id_].depends_on.nodes:
            if parent in models:
                visit(parent)
        order.setdefault(id_)

    for id_, node in sorted(models.items()):
        if node.name in wanted:
            visit(id_)
    root = folder / "compiled" / "rapport"
    return Compiled(
        (models[id_].schema, models[id_].name, (root / models[id_].original_file_path).read_text("utf-8"))
        for id_ in order
    )


@contextmanager
def replayed(
    models: Iterable[tuple[str, str, str]], inputs: dict[str, list[dict[str, Any]]], time_zone: str = "UTC"
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to the tables that these models make of the inputs' rows, in their order."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("use warehouse")
        connection.execute(f"set TimeZone = '{time_zone}'")
        register(connection)
        given = {"topics": build._topics(), **inputs}
        for name, schema in _SCHEMAS.items():
            table = _readings(given[name]) if name == "features" else pa.Table.from_pylist(given[name], schema=schema)
            connection.register(f"given_{name}", table)
        for schema in ("staging", "core", "metrics", "reports"):
            connection.execute(f"create schema {schema}")
        for schema, name, text in models:
            for name_of in _SCHEMAS:
                text = text.replace(f"read_parquet(getvariable('{name_of}_files'))", f"given_{name_of}")
            connection.execute(f"create table {schema}.{name} as ({text}\n)")
        try:
            yield connection
        finally:
            # Closing alone keeps the tables in memory for as long as a Python function is known to DuckDB.
            connection.execute("use memory")
            connection.execute("detach warehouse")


def _readings(features: list[dict[str, Any]]) -> pa.Table:
    """Return nightly rows as the files of a build hold them: a month of nights after another, and half-years."""
    months: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(features, key=lambda row: row["night"]):
        months.setdefault(month_of_night(row["night"]), []).append(row)
    halves = [list(of_half) for _, of_half in groupby(months, key=half_year)]
    held = [records.READINGS.empty_table()]
    for place, half in enumerate(halves):
        of_months = [read_alike(pa.Table.from_pylist(months[month], schema=records.FEATURES)) for month in half]
        held += [read_alike(pa.concat_tables(of_months))] if 0 < place < len(halves) - 1 else of_months
    return pa.concat_tables(held)


@contextmanager
def empty_core(tables: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to tables of these columns in which nothing stands, where one model finds what it reads."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("use warehouse")
        connection.execute("create schema core")
        register(connection)
        for table, columns in tables.items():
            connection.execute(f"create table core.{table} ({columns})")
        try:
            yield connection
        finally:
            # Closing alone keeps the tables in memory for as long as a Python function is known to DuckDB.
            connection.execute("use memory")
            connection.execute("detach warehouse")


def all_compiled(data: DataDir) -> Compiled:
    """Return schema, name and SQL of all models as a build of everything made them, in the order to run them."""
    return compiled(data, tuple(sorted(path.stem for path in (build.SQL / "models").glob("*/*.sql"))))


def outcomes_of(data: DataDir) -> list[Outcome]:
    """Return what a build of everything said of its statements, when all went well."""
    told = msgspec.json.decode((data.build_folder / "published.json").read_bytes(), type=build._Published)
    return [Outcome(statement=statement, status="success") for statement in told.statements]


def rebuild(models: Iterable[tuple[str, str, str]], folder: Path, warehouse: Path) -> None:
    """Do in `folder` what a build lets dbt do, in one go and without its checks: make the `warehouse` of the inputs."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("attach '" + str(warehouse).replace("'", "''") + "' as warehouse")
        connection.execute("use warehouse")
        connection.execute("set TimeZone = 'UTC'")
        register(connection)
        name_files(connection, folder / "inputs" / "inputs.json")
        for schema in ("staging", "core", "metrics", "reports"):
            connection.execute(f"create schema {schema}")
        for schema, name, text in models:
            made = "view" if (schema, name) in _VIEWS else "table"
            connection.execute(f"create {made} {schema}.{name} as ({text}\n)")


def checks(data: DataDir) -> dict[str, str]:
    """Return the SQL of every check, by its name."""
    folder: Path = data.build_folder / "dbt" / "compiled" / "rapport" / "tests"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
