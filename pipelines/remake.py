"""Makes again, in a copy of the warehouse, only what a night touched: by the statements of the last full build.

dbt finds out what stands in `sql/` and in which order, and compiles it. As long as neither code nor configuration
changes, which `build` sees to, it would come to the same statements, and that takes longer than what a night changes.

A model that says no more is made again as a whole. One with `touched` says which of its rows rest on what was written
from {from} on; only those are made again, and all rows of practices that are made as a whole. Of other models it reads
as much: what is from the same day on, or, if its `reads` names a model, from so many months before, or the rows that it
says. What is from a day on says the `read` of that model, or else its `touched`. Reading less only saves time. Of one
with `marks`, which is made again as a whole, a practice whose marked rows then differ, but for the columns `nightly`,
is made as a whole by all that follows. A check that is `touched` looks at what was made.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import msgspec

from pipelines.periods import add_months
from pipelines.sql_functions import register
from pipelines.warehouse import name_files, quoted

# What DuckDB may use in a build, also in dbt's.
MEMORY = "3GB"
# What dbt leaves for a build of touched months, as `when_touched` in sql/macros writes it.
_WHEN_TOUCHED = re.compile(r"/\* when touched: (.*?) \*/.*?/\* otherwise \*/", re.DOTALL)
_OF_WHOLE = "practice_id in (select whole.practice_id from temp.made_whole as whole)"


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model or a test as dbt compiled it, with what it says of builds of touched months. A test has no table."""

    name: str
    kind: str
    sql: str
    table: str | None = None
    is_view: bool = False
    is_metric: bool = False
    only_warns: bool = False
    parents: list[str] = []
    read: str | None = None
    touched: str | bool | None = None
    reads: dict[str, str | int] = {}
    marks: str | None = None
    nightly: list[str] = []


class Outcome(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What became of a statement. `rows` are those that a check found."""

    statement: Statement
    status: str
    message: str = ""
    rows: int = 0


def remake(
    warehouse: Path,
    inputs: Path,
    statements: Sequence[Statement],
    since: dt.date,
    practices: Sequence[str],
    say: Callable[[str], None],
    *,
    threads: int,
) -> list[Outcome]:
    """Make every practice again from the month `since` on, and `practices` as a whole, in the file `warehouse`.

    Returns what became of each statement, and of none after one that failed.
    """
    outcomes = []
    with duckdb.connect(config={"threads": threads, "memory_limit": MEMORY}) as connection:
        # Nobody needs the half of a build, so it keeps no log of what to do again.
        connection.execute(f"attach {quoted(str(warehouse))} as warehouse (recovery_mode 'no_wal_writes')")
        connection.execute("use warehouse")
        # Written once, at the end.
        connection.execute("set checkpoint_threshold = '1TB'")
        connection.execute("set max_vacuum_tasks = 0")
        connection.execute("set TimeZone = 'UTC'")
        register(connection)
        name_files(connection, inputs)
        connection.execute("create temp table made_whole as select unnest(?::varchar[]) as practice_id", [practices])
        remaking = _Remaking(connection, statements, since)
        for place, statement in enumerate(statements, 1):
            began = time.perf_counter()
            try:
                outcome = remaking.run(statement)
            except duckdb.Error as error:
                outcome = Outcome(statement=statement, status="error", message=str(error))
            outcomes.append(outcome)
            milliseconds = round((time.perf_counter() - began) * 1000)
            say(f"{outcome.status:8}{statement.name} {milliseconds} ms ({place} of {len(statements)})")
            if outcome.status == "error":
                break
    return outcomes


class _Remaking:
    """The statements in a build of what is touched from a day on."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, statements: Sequence[Statement], since: dt.date) -> None:
        self._connection = connection
        self._since = since
        self._tables = {statement.name: statement for statement in statements if statement.table}

    def run(self, statement: Statement) -> Outcome:
        if statement.table is None:
            return self._check(statement)
        if isinstance(statement.touched, str):
            self._make_touched(statement, statement.table, statement.touched)
        elif statement.is_view:
            self._connection.execute(f"create or replace view {statement.table} as {statement.sql}")
        else:
            self._make_whole(statement, statement.table)
        return Outcome(statement=statement, status="success")

    def _check(self, statement: Statement) -> Outcome:
        query = statement.sql
        if statement.touched:
            query = self._reading(statement, f"{{months}} or {_OF_WHOLE}" if self._any_whole() else "{months}")
        found = self._count(f"({query}\n) as found")
        status = "pass" if not found else "warn" if statement.only_warns else "fail"
        return Outcome(statement=statement, status=status, rows=found)

    def _make_touched(self, statement: Statement, table: str, touched: str) -> None:
        of_night, any_whole = _from(touched, self._since), self._any_whole()
        if any_whole:
            of_night = f"({of_night}) and not {_OF_WHOLE}"
        self._connection.execute(f"delete from {table} where {of_night}")
        self._insert(table, self._reading(statement, "{months}"), of_night)
        if any_whole:
            self._connection.execute(f"delete from {table} where {_OF_WHOLE}")
            self._insert(table, self._reading(statement, _OF_WHOLE), _OF_WHOLE)

    def _insert(self, table: str, query: str, rows: str) -> None:
        self._connection.execute(f"insert into {table} select * from ({query}\n) as made where {rows}")

    def _make_whole(self, statement: Statement, table: str) -> None:
        make = f"create or replace table {table} as ({statement.sql}\n)"
        if statement.marks is None:
            self._connection.execute(make)
            return
        without = f" exclude ({', '.join(statement.nightly)})" if statement.nightly else ""
        told = f"select *{without} from {table} where {_from(statement.marks, self._since)}"
        self._connection.execute(f"create or replace temp table told_before as {told}")
        self._connection.execute(make)
        self._connection.execute(
            "insert into temp.made_whole select practice_id from "
            f"(({told} except all from temp.told_before) union all (from temp.told_before except all {told})) "
            "except select practice_id from temp.made_whole"
        )

    def _reading(self, statement: Statement, rows: str) -> str:
        """Return the statement's query, looking at no more of other models than these rows of them.

        {months} of `rows` are those that the months need.
        """
        query = _WHEN_TOUCHED.sub(r"\1", statement.sql)
        for name in statement.parents:
            parent = self._tables.get(name)
            of_read = parent and (parent.read or parent.touched)
            if not parent or not isinstance(of_read, str):
                continue
            needed = statement.reads.get(name, 0)
            if isinstance(needed, int):
                # A week more, as nights, weeks and clocks do not begin with the month.
                of_months = _from(of_read, add_months(self._since, -needed) - dt.timedelta(days=7))
            else:
                of_months = _from(needed, self._since)
            read = f"(from {parent.table} where {rows.replace('{months}', f'({of_months})')})"
            query = query.replace(str(parent.table), read)
        return query

    def _any_whole(self) -> bool:
        return self._count("temp.made_whole") > 0

    def _count(self, rows: str) -> int:
        found = self._connection.execute(f"select count(*) from {rows}").fetchone()
        return int(found[0]) if found else 0


def _from(rows: str, day: dt.date) -> str:
    return rows.replace("{from}", f"'{day}'::date")
