"""Verb `build`: features and `sql/` make the warehouse, which readers see only after every check has passed.

dbt runs in a child process, so that its write lock is gone for certain when the file is published. If this
process is killed the child notices and ends too; what both leave behind is cleared by the next build.
"""

from __future__ import annotations

import csv
import datetime as dt
import gc
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import CheckFailed, NotReady, UnknownName
from pipelines.joined import DAILY, Night, join, nights_of
from pipelines.landing import DataDir, alone, fsync_folder, write_bytes
from pipelines.mentions import compared
from pipelines.practices import Practices
from pipelines.records import COMPLETENESS, READINGS, write_table
from pipelines.remake import MEMORY, Outcome, Statement, remake
from pipelines.settings import REPOSITORY
from pipelines.sources import Source, load_source
from pipelines.text.topics import ALERTS, TOPICS, reported
from pipelines.touched import Nights, Touched, find_touched
from pipelines.warehouse import name_files, open_file, quoted

SQL = REPOSITORY / "sql"
_MARK = pa.struct([("item", pa.string()), ("handled_on", pa.date32())])
_NAME = pa.struct([("key", pa.string()), ("name", pa.string())])
_PRACTICES = pa.schema(
    [
        ("practice_id", pa.string()),
        ("time_zone", pa.string()),
        ("answer_within_days", pa.int32()),
        ("handled_privately", pa.list_(_MARK)),
        ("compared", pa.list_(_NAME)),
    ]
)
_SOURCES = pa.schema(
    [
        ("source", pa.string()),
        *[
            (name, pa.bool_())
            for name in ("handed_over_once", "sampled", "has_reviews", "has_conversation", "blendable", "tells_hidden")
        ],
        ("window_days", pa.int32()),
        ("attribution", pa.string()),
    ]
)
_METRICS = pa.schema(
    [
        *[(name, pa.string()) for name in ("source", "metric", "meaning")],
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("divides", pa.bool_()),
    ]
)
_TOPICS = pa.schema([("topic", pa.string()), ("alert", pa.bool_()), ("reported", pa.bool_())])
_BUILD = pa.schema([("as_of_night", pa.date32()), ("inputs_id", pa.string())])
_ROWS_KEPT_OF_A_FAILED_CHECK = 1000
# Of features, in the memory of one model at a time.
_ROWS_AT_A_TIME = 1_500_000
# Times the size of the last warehouse in which everything was made: rows that are made again leave gaps.
_MOST_GROWN = 1.5


class BuildResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a build published: the night it knows up to, the inputs it was made of, and the checks that warned."""

    warehouse: str
    as_of_night: dt.date
    inputs_id: str
    files: int
    checks: int
    warnings: list[str]


class _Progress(msgspec.Struct, frozen=True, tag=True):
    """What the child says on the way."""

    said: str


class _End(msgspec.Struct, frozen=True, tag=True):
    """That the child has run everything."""


def build(
    data: DataDir,
    practices: Practices,
    night: dt.date | None,
    say: Callable[[str], None],
    *,
    threads: int = 2,
    unit_tests: bool = False,
    others_run: bool = False,
    sql: Path = SQL,
    full_up_to_rows: int | None = None,
) -> BuildResult:
    """Build the warehouse from all that was known on `night` (None: everything), check it and publish it.

    `threads` are DuckDB's and change nothing but the time it takes, and neither does `full_up_to_rows`: of more rows of
    features than that only the months that changed since the last build are made again (None: always everything).
    What was read but not scored is refused, unless `others_run`: then it is another run's, which has yet to score it
    and builds again, and it is left out as if it had not been read. Raises NotReady if there is nothing to build from,
    a night is refused, or another build is running; ChangedShape if a file has other columns; CheckFailed, with the
    old warehouse still standing, if a model or check fails.
    """
    folder = data.build_folder
    folder.mkdir(parents=True, exist_ok=True)
    another = NotReady("another build is running", where="build", next_step="Wait until it has ended and build again")
    with alone(folder / "lock", another):
        # What DuckDB had no room for in memory is a folder.
        shutil.rmtree(folder / f"{data.warehouse.name}.tmp", ignore_errors=True)
        for left in (*folder.glob("warehouse.duckdb*"), *folder.glob("failed_checks/*")):
            left.unlink()
        published = _published(data)
        inputs = _write_inputs(data, practices, night, sql, others_run, published, say)
        new = folder / data.warehouse.name
        touched = _touched(data, inputs, published, full_up_to_rows)
        if isinstance(touched, Touched):
            say(
                f"build: the months from {touched.since:%Y-%m} on and all of {len(touched.practices)} practices, "
                f"{touched.share:.1%} of everything; {touched.withdrawn} rows of before are withdrawn"
            )
            shutil.copyfile(data.warehouse, new)
            since, of_whole = touched.since, touched.practices
        else:
            say(f"build: everything, because {touched}")
            since, of_whole = None, []
        if published and published.made_by == inputs.made_by and not unit_tests:
            made = published.statements
            outcomes = remake(new, _named(data), made, say, since=since, practices=of_whole, threads=threads)
            log = ""
        else:
            outcomes = _run_dbt(data, sql, say, threads=threads, unit_tests=unit_tests)
            log = data.relative(folder / "dbt.log")
        _refuse_failures(data, outcomes, log)
        statements = [outcome.statement for outcome in outcomes if outcome.statement.kind in ("model", "test")]
        _seal(new, statements)
        if isinstance(touched, Touched) and touched.withdrawn:
            _leave_nothing(new)
        _publish(new, data.warehouse, say)
        in_full = (
            published.bytes_in_full if published and isinstance(touched, Touched) else data.warehouse.stat().st_size
        )
        _remember(data, inputs, statements, in_full)
    checks = [outcome for outcome in outcomes if outcome.statement.kind == "test"]
    return BuildResult(
        warehouse=data.relative(data.warehouse),
        as_of_night=inputs.as_of_night,
        inputs_id=inputs.inputs_id,
        files=inputs.files,
        checks=len(checks),
        warnings=[outcome.statement.name for outcome in checks if outcome.status == "warn"],
    )


class _Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a build is made of: `made_by` tells all but the nightly rows, `chosen` are the files that hold those."""

    as_of_night: dt.date
    inputs_id: str
    files: int
    rows: int
    made_by: str
    nights: dict[str, Night]
    chosen: dict[str, list[Path]]


class _Published(msgspec.Struct, frozen=True, kw_only=True):
    """What the published warehouse was made of, the files relative to the folder of builds, and by which statements.

    `bytes_in_full` is the size of the last one in which everything was made.
    """

    inputs_id: str
    made_by: str
    chosen: dict[str, list[str]]
    nights: dict[str, Night] = {}
    statements: list[Statement] = []
    bytes_in_full: int = 0


def _write_inputs(
    data: DataDir,
    practices: Practices,
    night: dt.date | None,
    sql: Path,
    others_run: bool,
    published: _Published | None,
    say: Callable[[str], None],
) -> _Inputs:
    """Choose the nightly files, join those of finished months, and write beside them what dbt reads of all else."""
    features = _nightly(data, "features", night)
    completeness = _nightly(data, "completeness", night)
    unscored = _unscored(data, night, features)
    if others_run:
        for source, read_night in sorted(unscored):
            say(f"left out: {source}, {read_night}, which another run has read and not scored yet")
        completeness = [path for path in completeness if (path.parent.name, path.stem) not in unscored]
    elif unscored:
        source, read_night = min(unscored)
        raise NotReady(
            f"the night of {read_night} was read but not scored",
            where=source,
            next_step=f"Run `rapport score {source} {read_night}`",
        )
    files = sorted([*features, *completeness])
    if not files:
        raise NotReady(
            "nothing has been scored yet" if night is None else f"nothing has been scored up to the night of {night}",
            where="build",
            next_step="Run `rapport fetch`, `rapport read` and `rapport score` for a night first",
        )

    as_of_night = night or max(dt.date.fromisoformat(path.stem) for path in files)
    sources = sorted({path.parent.name for path in files})
    people = [
        {
            "practice_id": p.id,
            "time_zone": p.time_zone,
            "answer_within_days": p.answer_within_days,
            "handled_privately": [{"item": mark.item, "handled_on": mark.on} for mark in p.handled_privately],
            "compared": [{"key": known.id, "name": known.name} for known in compared(p)],
        }
        for p in practices.practice
    ]
    nights = nights_of(files, data.root, published.nights if published else {})
    inputs_id = _inputs_id(nights, people)
    folder = data.build_folder / "inputs"
    folder.mkdir(exist_ok=True)
    held = {
        "features": join(data, "features", features, nights),
        "completeness": join(data, "completeness", completeness, nights),
    }
    _clear(data, {*held["features"], *held["completeness"], *_files_of(data, published)})
    # The files without rows give a night with nothing its columns: DuckDB has no empty list of files.
    tables: dict[str, tuple[list[dict[str, Any]], pa.Schema]] = {
        "features": ([], READINGS),
        "completeness": ([], COMPLETENESS),
        "practices": (people, _PRACTICES),
        "sources": ([{"source": s, **_nature(s)} for s in sources], _SOURCES),
        "source_metrics": (_metrics(sources), _METRICS),
        "topics": (_topics(), _TOPICS),
        "build": ([{"as_of_night": as_of_night, "inputs_id": inputs_id}], _BUILD),
    }
    rows = sum(pq.read_metadata(path).num_rows for path in held["features"])
    lists: dict[str, list[str]] = dict(_ranges(practices, rows))
    for name, (of_name, schema) in tables.items():
        write_table(of_name, schema, folder / f"{name}.parquet")
        lists[f"{name}_files"] = [str(path.absolute()) for path in (folder / f"{name}.parquet", *held.get(name, []))]
    _named(data).write_text(json.dumps(lists), encoding="utf-8")
    return _Inputs(
        as_of_night=as_of_night,
        inputs_id=inputs_id,
        files=len(files),
        rows=rows,
        made_by=_made_by(sql, {name: tables[name][0] for name in ("practices", "sources", "source_metrics", "topics")}),
        nights=nights,
        chosen=held,
    )


def _named(data: DataDir) -> Path:
    """Return the file that names the inputs, as SQL asks for them."""
    return data.build_folder / "inputs" / "inputs.json"


def _made_by(sql: Path, configured: dict[str, list[dict[str, Any]]]) -> str:
    """Tell the code and the configuration of a build from others: what they change may be anywhere."""
    told = hashlib.sha256(json.dumps([duckdb.__version__, configured], sort_keys=True, default=str).encode())
    for folder, endings in ((sql, (".sql", ".yml")), (REPOSITORY / "pipelines", (".py",))):
        for path in sorted(folder.rglob("*")):
            if path.suffix in endings:
                told.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return told.hexdigest()


def _published(data: DataDir) -> _Published | None:
    told = data.build_folder / "published.json"
    return msgspec.json.decode(told.read_bytes(), type=_Published) if told.exists() else None


def _files_of(data: DataDir, published: _Published | None) -> list[Path]:
    return [data.build_folder / name for names in published.chosen.values() for name in names] if published else []


def _remember(data: DataDir, inputs: _Inputs, statements: list[Statement], bytes_in_full: int) -> None:
    """Write what the published warehouse was made of, and let go of the files of the one before."""
    names = {
        kind: [str(path.relative_to(data.build_folder)) for path in paths] for kind, paths in inputs.chosen.items()
    }
    told = _Published(
        inputs_id=inputs.inputs_id,
        made_by=inputs.made_by,
        chosen=names,
        nights=inputs.nights,
        statements=statements,
        bytes_in_full=bytes_in_full,
    )
    write_bytes(data.build_folder / "published.json", msgspec.json.encode(told))
    _clear(data, {path for paths in inputs.chosen.values() for path in paths})


def _clear(data: DataDir, kept: set[Path]) -> None:
    for kind in DAILY:
        for left in data.joined(kind, "").glob("*/*"):
            if left not in kept:
                left.unlink()


def _touched(
    data: DataDir, inputs: _Inputs, published: _Published | None, full_up_to_rows: int | None
) -> Touched | str:
    """Say what changed since the last build, or why everything is to be made again."""
    if full_up_to_rows is None or inputs.rows <= full_up_to_rows:
        return f"{inputs.rows} rows of features are few"
    if published is None or not data.warehouse.is_file():
        return "there is no build before"
    if published.made_by != inputs.made_by:
        return "the SQL, the code or the configuration is another than the last build's"
    with open_file(data.warehouse) as connection:
        found = connection.execute("select inputs_id from reports.build_info").fetchone()
    if found != (published.inputs_id,):
        return "the warehouse is not the one of the last build"
    if not all(path.is_file() for path in _files_of(data, published)):
        # A table whose rows are deleted keeps them for a while, and these have to be gone.
        return "nights of the last build have expired"
    if data.warehouse.stat().st_size > _MOST_GROWN * published.bytes_in_full:
        return "the gaps of rows that were made again have made the warehouse half as large again"
    features, completeness = (_nights(data, inputs, published, kind) for kind in DAILY)
    return find_touched(data.warehouse, features, completeness, inputs.as_of_night)


def _nights(data: DataDir, inputs: _Inputs, published: _Published, kind: str) -> Nights:
    """Say which nights of a kind are others than those of the published warehouse."""
    now, before = (
        {Path(name): night.digest for name, night in nights.items() if name.startswith(f"{kind}/")}
        for nights in (inputs.nights, published.nights)
    )
    nothing = str(data.build_folder / "inputs" / f"{kind}.parquet")
    return Nights(
        added=[str(data.root / name) for name, digest in now.items() if digest != before.get(name)],
        gone=[
            (name.parent.name, dt.date.fromisoformat(name.stem))
            for name, digest in before.items()
            if digest != now.get(name)
        ],
        before=[nothing, *(str(data.build_folder / name) for name in published.chosen[kind])],
        now=[nothing, *map(str, inputs.chosen[kind])],
    )


def _leave_nothing(new: Path) -> None:
    """Write a warehouse anew: in place, deleted rows could still be read in the file."""
    partial = new.with_name(f"{new.name}.copy")
    with duckdb.connect() as connection:
        # As in profiles.yml.
        connection.execute("set storage_compatibility_version = 'latest'")
        for name, path in (("warehouse", new), ("fresh", partial)):
            connection.execute(f"attach {quoted(str(path))} as {name}")
        connection.execute("copy from database warehouse to fresh")
        connection.execute("checkpoint fresh")
    os.replace(partial, new)


def _nightly(data: DataDir, stage: str, night: dt.date | None) -> list[Path]:
    return sorted(
        data.root / stage / folder.name / f"{known}.parquet"
        for folder in (data.root / stage).glob("*/")
        for known in data.nights(stage, folder.name)
        if night is None or known <= night
    )


def _unscored(data: DataDir, night: dt.date | None, features: list[Path]) -> set[tuple[str, str]]:
    """Return each source and night that was read but not scored: it would look as if every review had vanished.

    By the features that were chosen, and asked for after them: what is scored meanwhile is not among them. A night's
    records are written before its completeness.
    """
    scored = {(path.parent.name, path.stem) for path in features}
    return {(path.parent.name, path.stem) for path in _nightly(data, "records", night)} - scored


def _inputs_id(nights: dict[str, Night], people: list[dict[str, Any]]) -> str:
    told = hashlib.sha256(json.dumps(people, sort_keys=True, default=str).encode())
    for name, night in nights.items():
        told.update(f"{name} {night.digest}\n".encode())
    return told.hexdigest()


def _ranges(practices: Practices, rows: int) -> dict[str, list[str]]:
    """Divide the practices, in their order, into as many ranges as it takes for each to have a small part of the rows.

    What is heavy is made range by range: nothing of one practice rests on another's rows.
    """
    ids = sorted(practice.id for practice in practices.practice)
    size = math.ceil(len(ids) / max(1, math.ceil(rows / _ROWS_AT_A_TIME)))
    ranges = [ids[first : first + size] for first in range(0, len(ids), size)]
    return {
        "first_practices": [of_range[0] for of_range in ranges],
        "last_practices": [of_range[-1] for of_range in ranges],
    }


def _nature(source: str) -> dict[str, bool | int | str | None]:
    """Say what a source gives. Of one whose module is gone but whose history is not, the strictest is assumed."""
    known = _known(source)
    return {
        "handed_over_once": known.once if known else False,
        "sampled": known.sampled if known else False,
        "has_reviews": known.has_reviews if known else True,
        "has_conversation": known.has_conversation if known else False,
        "blendable": known.policy.blendable if known else False,
        "tells_hidden": known.tells_hidden if known else False,
        "window_days": known.window_days if known else None,
        "attribution": known.policy.attribution if known else "",
    }


def _metrics(sources: list[str]) -> list[dict[str, Any]]:
    known = [found for name in sources if (found := _known(name))]
    return [
        {
            "source": source.name,
            "metric": metric.name,
            "meaning": metric.meaning,
            "valid_from": metric.valid_from,
            "valid_to": metric.valid_to,
            "divides": metric.divides,
        }
        for source in known
        for metric in source.metrics
    ]


def _topics() -> list[dict[str, Any]]:
    """List what texts are judged about. An alert is always reported, because a person looks at it."""
    shown = reported()
    return [
        *({"topic": topic, "alert": False, "reported": topic in shown} for topic in TOPICS),
        *({"topic": alert, "alert": True, "reported": True} for alert in ALERTS),
    ]


def _known(source: str) -> Source | None:
    try:
        return load_source(source).SOURCE
    except UnknownName:
        return None


def _run_dbt(data: DataDir, sql: Path, say: Callable[[str], None], *, threads: int, unit_tests: bool) -> list[Outcome]:
    """Run dbt in a process of its own and return what became of it all. Raises CheckFailed if it stops midway."""
    folder = data.build_folder
    log = folder / "dbt.log"
    job = {"sql": str(sql.absolute()), "target": str((folder / "dbt").absolute()), "unit_tests": unit_tests}
    # Keys have no business in SQL, and settings somebody made for a dbt of their own none in ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "DBT_"))}
    environment |= {
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH", "")])),
        # Seen from the child's folder: to dbt another path is another project, which it would read from the beginning.
        "RAPPORT_BUILD_WAREHOUSE": data.warehouse.name,
        "RAPPORT_BUILD_INPUTS": "inputs/inputs.json",
        "RAPPORT_BUILD_THREADS": str(threads),
        "RAPPORT_BUILD_MEMORY": MEMORY,
    }
    outcomes = []
    ended = False
    with _start_child(job, environment, folder, log) as child:
        try:
            for line in child.stdout or ():
                report = msgspec.json.decode(line, type=Outcome | _Progress | _End)
                if isinstance(report, _Progress):
                    say(report.said)
                elif isinstance(report, _End):
                    ended = True
                else:
                    outcomes.append(report)
        except BaseException:
            child.kill()
            raise
    if not ended:
        raise CheckFailed(
            f"dbt stopped before it had run everything (exit code {child.returncode})",
            where="build",
            next_step="Read the end of the log; the warehouse of before still stands",
            evidence=data.relative(log),
        )
    return outcomes


def _start_child(job: dict[str, Any], environment: dict[str, str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines.build", json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            cwd=folder,
        )


def _refuse_failures(data: DataDir, outcomes: list[Outcome], log: str) -> None:
    failed = [outcome for outcome in outcomes if outcome.status in ("error", "fail")]
    if not failed:
        return
    found = [outcome for outcome in failed if outcome.status == "fail" and outcome.statement.kind == "test"]
    said = "; ".join(
        f"check '{outcome.statement.name}' found {outcome.rows} rows"
        if outcome in found
        else f"{outcome.statement.kind.replace('_', ' ')} '{outcome.statement.name}' failed: "
        f"{' '.join(outcome.message.split())[:600]}"
        for outcome in failed
    )
    raise CheckFailed(
        said,
        where="build",
        next_step="The warehouse of before still stands. Look at the rows, mend the cause and build again",
        evidence=", ".join(_keep_rows(data, outcome.statement) for outcome in found) or log,
    )


def _keep_rows(data: DataDir, check: Statement) -> str:
    """Write the rows a check found beside the refused warehouse; they hold ids and numbers, never a text."""
    target = data.build_folder / "failed_checks" / f"{check.name}.csv"
    target.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(data.build_folder / data.warehouse.name), read_only=True) as connection:
        name_files(connection, _named(data))
        found = connection.execute(check.sql)
        names = [column[0] for column in found.description or ()]
        kept = found.fetchmany(_ROWS_KEPT_OF_A_FAILED_CHECK)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(kept)
    return data.relative(target)


def _seal(new: Path, statements: list[Statement]) -> None:
    """Add the SQL every metric was made with, so that the warehouse explains itself, and close the file for good."""
    with duckdb.connect(str(new)) as connection:
        connection.execute("set max_vacuum_tasks = 0")
        for view in ("features", "namings", "completeness"):
            # They only look at files, which a reader of the warehouse has no business with.
            connection.execute(f"drop view staging.{view}")
        connection.execute("create or replace table reports.metric_sql (metric varchar, sql varchar)")
        metrics = sorted((statement.name, statement.sql.strip()) for statement in statements if statement.is_metric)
        if metrics:
            connection.executemany("insert into reports.metric_sql values (?, ?)", metrics)
        connection.execute("checkpoint")
    log = new.with_name(f"{new.name}.wal")
    if log.exists():
        raise CheckFailed(
            f"the new warehouse left {log.name}, so it is not whole",
            where="build",
            next_step="The warehouse of before still stands; see that the disk is not full and build again",
        )


def _publish(new: Path, target: Path, say: Callable[[str], None]) -> None:
    with new.open("rb") as written:
        os.fsync(written.fileno())
    log = target.with_name(f"{target.name}.wal")
    if log.exists():
        # Beside another file than its own it would end every reader's process.
        say(f"warning: somebody had written to the old warehouse; {log.name} is deleted with it")
        log.unlink()
    new.chmod(0o640)
    os.replace(new, target)
    fsync_folder(target.parent)


def _child(job: dict[str, Any]) -> int:
    """Run dbt and report on standard output, one line of JSON a node; everything else dbt says goes to the log."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What dbt makes lives as long as this process; to look through it for cycles is a sixth of a small build.
    gc.disable()
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def report(told: Outcome | _Progress | _End) -> None:
        reports.write(msgspec.json.encode(told).decode() + "\n")
        reports.flush()

    from dbt.cli.main import dbtRunner

    def progress(event: Any) -> None:
        if event.info.name == "NodeFinished":
            node, result = event.data.node_info, event.data.run_result
            milliseconds = round(result.execution_time * 1000)
            report(_Progress(said=f"{node.node_status:8}{node.resource_type} {node.node_name} {milliseconds} ms"))

    metrics = sorted(path.stem for path in (Path(job["sql"]) / "models" / "metrics").glob("*.sql"))
    arguments = ["build", "--project-dir", job["sql"], "--profiles-dir", job["sql"], "--target-path", job["target"]]
    arguments += ["--log-path", job["target"], "--log-level-file", "none", "--log-level", "warn", "--no-use-colors"]
    # Nobody reads dbt's own account of the project, and writing it takes a tenth of a small build.
    arguments += ["--no-write-json"]
    # The folder of metrics is their only list; SQL asks for it as a variable because dbt does not look into folders.
    arguments += ["--vars", json.dumps({"metrics": metrics})]
    if not job["unit_tests"]:
        arguments += ["--exclude-resource-type", "unit_test"]
    done = dbtRunner(callbacks=[progress]).invoke(arguments)
    for result in getattr(done.result, "results", ()):
        report(
            Outcome(
                statement=_statement(result.node, metrics),
                status=str(result.status),
                message=result.message or "",
                rows=result.failures or 0,
            )
        )
    if done.exception:
        report(
            Outcome(
                statement=Statement(name="dbt", kind="project", sql=""), status="error", message=str(done.exception)
            )
        )
    report(_End())
    return 0


def _statement(node: Any, metrics: list[str]) -> Statement:
    """Return what dbt knows of a model or a check; of a unit test its name is enough."""
    kind, told = str(node.resource_type), node.config
    if kind not in ("model", "test"):
        return Statement(name=node.name, kind=kind, sql="")
    return Statement(
        name=node.name,
        kind=kind,
        sql=node.compiled_code or "",
        table=node.relation_name if kind == "model" else None,
        is_view=told.materialized == "view",
        is_metric=kind == "model" and node.name in metrics,
        only_warns=kind == "test" and told.severity.casefold() == "warn",
        parents=[name.split(".")[-1] for name in node.depends_on.nodes if name.startswith("model.")],
        read=told.get("read"),
        by_practice=told.get("by_practice") or False,
        touched=told.get("touched"),
        reads=told.get("reads") or {},
        once=told.get("once"),
        marks=told.get("marks"),
        nightly=told.get("nightly") or [],
    )


def _end_with_parent() -> None:
    """End this process when the parent is gone: its end of standard input closes, however it died."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(_child(json.loads(sys.argv[1])))
