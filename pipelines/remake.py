"""Makes a warehouse by the statements of the build before: all of it anew, or again only what a night touched.

dbt finds out what stands in `sql/` and in which order, and compiles it. As long as neither code nor configuration
changes, which `build` sees to, it would come to the same statements, and that takes longer than most builds.

Of what a night touched: a model that says no more is made again as a whole. One with `touched` says which of its rows
rest on what was written from {from} on; only those are made again, and all rows of practices that are made as a whole.
Of other models it reads as much: what is from the same day on, or, if its `reads` names a model, from so many months
before, or the rows that it says. What is from a day on says the `read` of that model, or else its `touched`. Reading
less only saves time. Of a view, the rows that it says with `once` are read once, for all that say nothing of it: a
night reads many rows again, and few are new to anybody. Of one with `marks`, which is made again as a whole, a practice
whose marked rows then differ, but for the columns `nightly`, is made as a whole by all that follows. A check that is
`touched` looks at what was made.
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
    by_practice: bool = False
    parents: list[str] = []
    read: str | None = None
    touched: str | bool | None = None
    reads: dict[str, str | int] = {}
    once: str | None = None
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
    say: Callable[[str], None],
    *,
    since: dt.date | None,
    practices: Sequence[str],
    threads: int,
) -> list[Outcome]:
    """Make every practice again from the month `since` on, and `practices` as a whole, in the file `warehouse`.

    Without `since` everything is made, in a file that is not there yet. Returns what became of each statement, and of
    none after one that failed.
    """
    outcomes = []
    with duckdb.connect(config={"threads": threads, "memory_limit": MEMORY}) as connection:
        # Nobody needs the half of a build, so it keeps no log of what to do again. The rest is as in profiles.yml.
        options = "recovery_mode 'no_wal_writes', storage_version 'latest'"
        connection.execute(f"attach {quoted(str(warehouse))} as warehouse ({options})")
        connection.execute("use warehouse")
        # Beside the file, as if it had been opened by itself.
        connection.execute("set temp_directory = ?", [f"{warehouse}.tmp"])
        # Written once, at the end.
        connection.execute("set checkpoint_threshold = '1TB'")
        connection.execute("set max_vacuum_tasks = 0")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set asof_loop_join_threshold = 0")
        register(connection)
        name_files(connection, inputs)
        making = _MakingTouched(connection, statements, since, practices) if since else _Making(connection, statements)
        for place, statement in enumerate(statements, 1):
            began = time.perf_counter()
            try:
                outcome = making.run(statement)
            except duckdb.Error as error:
                outcome = Outcome(statement=statement, status="error", message=str(error))
            outcomes.append(outcome)
            milliseconds = round((time.perf_counter() - began) * 1000)
            done = f"({place} of {len(statements)})"
            say(f"{outcome.status:8}{statement.kind} {statement.name} {milliseconds} ms {done}")
            if outcome.status == "error":
                break
    return outcomes


class _Making:
    """The statements in a build of everything."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, statements: Sequence[Statement]) -> None:
        self._connection = connection
        for schema in sorted({table.rpartition(".")[0] for statement in statements if (table := statement.table)}):
            connection.execute(f"create schema if not exists {schema}")

    def run(self, statement: Statement) -> Outcome:
        if statement.table is None:
            found = self._count(f"({self._checked(statement)}\n) as found")
            status = "pass" if not found else "warn" if statement.only_warns else "fail"
            return Outcome(statement=statement, status=status, rows=found)
        if statement.is_view:
            self._make_view(statement, statement.table)
        else:
            self._make(statement, statement.table)
        return Outcome(statement=statement, status="success")

    def _checked(self, check: Statement) -> str:
        return check.sql

    def _make_view(self, statement: Statement, view: str) -> None:
        self._connection.execute(f"create or replace view {view} as {statement.sql}")

    def _make(self, statement: Statement, table: str) -> None:
        """Make a table; one that is heavy for some practices after others, as sql/macros/fresh_table.sql has it."""
        if not statement.by_practice:
            self._connection.execute(f"create or replace table {table} as ({statement.sql}\n)")
            return
        ranges = "select unnest(getvariable('first_practices')), unnest(getvariable('last_practices'))"
        for place, (first, last) in enumerate(self._connection.execute(ranges).fetchall()):
            self._connection.execute("set variable first_practice = ?", [first])
            self._connection.execute("set variable last_practice = ?", [last])
            begin = f"insert into {table}" if place else f"create or replace table {table} as"
            self._connection.execute(f"{begin} ({statement.sql}\n)")
        self._connection.execute("reset variable first_practice")
        self._connection.execute("reset variable last_practice")

    def _count(self, rows: str) -> int:
        found = self._connection.execute(f"select count(*) from {rows}").fetchone()
        return int(found[0]) if found else 0


class _MakingTouched(_Making):
    """The statements in a build of what is touched from a month on."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        statements: Sequence[Statement],
        since: dt.date,
        practices: Sequence[str],
    ) -> None:
        super().__init__(connection, statements)
        self._tables = {statement.name: statement for statement in statements if statement.table}
        self._since = since
        connection.execute("create temp table made_whole as select unnest(?::varchar[]) as practice_id", [practices])

    def _checked(self, check: Statement) -> str:
        if not check.touched:
            return check.sql
        return self._reading(check, f"{{months}} or {_OF_WHOLE}" if self._any_whole() else "{months}")

    def _make_view(self, statement: Statement, view: str) -> None:
        super()._make_view(statement, view)
        if statement.once:
            rows = _from(statement.once, self._since)
            self._connection.execute(f"create temp table {_read_once(statement)} as from {view} where {rows}")

    def _make(self, statement: Statement, table: str) -> None:
        if isinstance(statement.touched, str):
            self._make_touched(statement, table, statement.touched)
        elif statement.marks:
            self._make_marking(statement, table, statement.marks)
        else:
            super()._make(statement, table)

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
        made = f"select * from ({query}\n) as made where {rows}"
        if table in query:
            # DuckDB may read what the same statement has already inserted.
            self._connection.execute(f"create or replace temp table made_again as {made}")
            made = "from temp.made_again"
        self._connection.execute(f"insert into {table} {made}")

    def _make_marking(self, statement: Statement, table: str, marks: str) -> None:
        without = f" exclude ({', '.join(statement.nightly)})" if statement.nightly else ""
        told = f"select *{without} from {table} where {_from(marks, self._since)}"
        self._connection.execute(f"create or replace temp table told_before as {told}")
        super()._make(statement, table)
        self._connection.execute(
            "insert into temp.made_whole select practice_id from "
            f"(({told} except from temp.told_before) union all (from temp.told_before except {told})) "
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
            if parent.once and rows == "{months}" and name not in statement.reads:
                query = query.replace(str(parent.table), f"(from temp.{_read_once(parent)})")
                continue
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


def _read_once(view: Statement) -> str:
    return f"{view.name}_read_once"


def _from(rows: str, day: dt.date) -> str:
    return rows.replace("{from}", f"'{day}'::date")
