"""The DAGs: they import, their shape is as drawn here, their runbooks are there, and their retries follow the error."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadKey, ChangedShape, SeveralFailed, SiteDown
from pipelines.settings import REPOSITORY
from pipelines.sources import source_names

SHAPE: dict[str, dict[str, set[str]]] = {
    "nightly": {
        **{source: {"score"} for source in source_names()},
        "score": {"build"},
        "build": {"urgent", "verdict"},
        "urgent": set(),
        "verdict": set(),
    },
    "monthly": {
        "gate": {"render"},
        "render": {"check", "release"},
        "check": {"approve", "release", "verdict"},
        "approve": {"release"},
        "release": {"send"},
        "send": {"verdict"},
        "verdict": set(),
    },
    "housekeeping": {"purge": set(), "bounces": set()},
    "onboard": {
        "check": set(source_names()),
        **{source: {"score"} for source in source_names()},
        "score": {"build"},
        "build": {"report", "verdict"},
        "report": set(),
        "verdict": set(),
    },
    "add_practice": {"add": set()},
    "restate": {"begin": {"render"}, "render": {"approve"}, "approve": {"release"}, "release": {"send"}, "send": set()},
}
# Who asks for what: whether a run starts by itself, and what its form has.
FORMS: dict[str, tuple[str | None, set[str]]] = {
    "nightly": ("30 2 * * *", {"night"}),
    "monthly": ("0 7 2 * *", {"month"}),
    "housekeeping": ("0 5 * * *", {"night"}),
    "onboard": (None, {"practice", "night"}),
    "add_practice": (
        None,
        {"practice", "name", "time_zone", "kind", "paper", "recipients", "contact", "listings"},
    ),
    "restate": (None, {"practice", "month", "reason"}),
}


@pytest.fixture(scope="module")
def dags(airflow_home: Path) -> Any:
    os.environ["RAPPORT_DATA_DIR"] = str(airflow_home)
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(REPOSITORY / "dags")
    assert bag.import_errors == {}
    return bag.dags


pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def test_the_shape(dags: Any) -> None:
    assert {name: {t.task_id: t.downstream_task_ids for t in dag.tasks} for name, dag in dags.items()} == SHAPE


def test_one_run_at_a_time_no_catching_up_and_a_runbook(dags: Any) -> None:
    for name, dag in dags.items():
        assert (dag.max_active_runs, dag.catchup) == (1, False), name
        rows = [line.split("|")[1:4] for line in dag.doc_md.split("| red box |")[1].splitlines() if line[:2] == "| "]
        told = {box.strip() for red, _, _ in rows for box in red.split(",")}
        sources = set(source_names())
        expected = set(SHAPE[name]) - sources | ({"a source"} if sources & set(SHAPE[name]) else set())
        assert told == expected, f"{name} explains other boxes than it has"
        assert all(cell.strip() for row in rows for cell in row), f"{name} has an empty cell"
        assert "cleared" in dag.doc_md, f"{name} does not say what clearing does"


def test_each_has_its_schedule_and_its_form(dags: Any) -> None:
    for name, dag in dags.items():
        schedule = getattr(dag.timetable, "_expression", None) or getattr(dag.timetable, "expression", None)
        assert (schedule, set(dag.params)) == FORMS[name], name


def test_a_form_asks_for_what_is_needed_and_for_nothing_else(dags: Any) -> None:
    """Airflow's form takes every type without null for a field that must be filled in."""
    forms = {
        "nightly": dags["nightly"].params,
        "monthly": dags["monthly"].params,
        "approve": dags["monthly"].get_task("approve").params,
        "housekeeping": dags["housekeeping"].params,
        "onboard": dags["onboard"].params,
        "add_practice": dags["add_practice"].params,
        "restate": dags["restate"].params,
    }
    needed = {
        name: {field for field in form if "null" not in form.get_param(field).schema.get("type", ())}
        for name, form in forms.items()
    }
    assert needed == {
        "nightly": set(),
        "monthly": set(),
        "approve": {"reason"},
        "housekeeping": set(),
        "onboard": {"practice"},
        "add_practice": {"practice", "name", "time_zone", "kind", "paper"},
        "restate": {"practice", "month", "reason"},
    }


@pytest.mark.parametrize(
    ("dag", "field", "good", "bad"),
    [
        ("nightly", "night", "2026-11-01", "1 November"),
        ("monthly", "month", "2026-10", "2026-13"),
        ("housekeeping", "night", "2026-11-01", "yesterday"),
        ("onboard", "practice", "oak-street", "Oak Street"),
        ("onboard", "practice", "oak", "../oak"),
        ("restate", "month", "2026-10", "October"),
        ("restate", "reason", "A review was counted twice.", ""),
        ("restate", "reason", "A review was counted twice.", "x" * 201),
    ],
)
def test_a_form_refuses_what_cannot_be_meant(dags: Any, dag: str, field: str, good: str, bad: str) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    param = dags[dag].params.get_param(field)
    assert param.resolve(good) == good
    with pytest.raises((ParamValidationError, ValueError)):
        param.resolve(bad)


def test_every_pool_of_a_task_is_made_and_has_one_slot(dags: Any) -> None:
    pools = json.loads((REPOSITORY / "dags" / "pools.json").read_text())
    used = {task.pool for dag in dags.values() for task in dag.tasks} - {"default_pool"}
    assert used == set(pools)
    assert {pool["slots"] for pool in pools.values()} == {1}
    for name in ("nightly", "onboard"):
        assert all(dags[name].get_task(source).pool == f"source_{source}" for source in source_names())
    assert dags["nightly"].get_task("build").pool == "warehouse"
    assert {dags["monthly"].get_task("send").pool, dags["restate"].get_task("send").pool} == {"mail"}


def test_who_writes_the_warehouse_and_the_reports_says_so(dags: Any) -> None:
    def outlets(dag: str, task: str) -> list[str]:
        return [asset.uri for asset in dags[dag].get_task(task).outlets]

    assert outlets("nightly", "build") == ["rapport://warehouse/"]
    assert outlets("monthly", "render") == outlets("restate", "render") == ["rapport://reports/"]
    assert [asset.uri for asset in dags["monthly"].get_task("send").inlets] == ["rapport://reports/"]


def test_somebody_hears_of_every_red_box_and_of_each_only_once(dags: Any) -> None:
    quiet = {(name, task.task_id) for name, dag in dags.items() for task in dag.tasks if not task.on_failure_callback}
    # Their verdicts speak for them; and who fills in a form sees what becomes of it.
    assert quiet == {("nightly", source) for source in source_names()} | {("monthly", "send"), ("add_practice", "add")}


def test_the_night_and_the_month_have_a_deadline(dags: Any) -> None:
    found = {name: [(d.name, d.interval) for d in dag.deadline or []] for name, dag in dags.items()}
    assert {name: held for name, held in found.items() if held} == {
        "nightly": [("the night is late", dt.timedelta(hours=5))],
        "monthly": [("the month is late", dt.timedelta(days=6))],
    }


def test_every_source_of_the_folder_is_pulled(dags: Any) -> None:
    from pipelines.sources import source_names

    source = Path(REPOSITORY / "dags" / "wiring.py").read_text()
    assert "glob" in source
    assert set(source_names()) <= set(dags["nightly"].task_ids)


def test_the_mail_server_and_its_password_come_out_of_airflows_connection(
    dags: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from wiring import open_rapport

    practices = tmp_path / "practices.toml"
    practices.write_text('[[practice]]\nid = "oak"\nname = "Oak"\n')
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(practices))
    monkeypatch.setenv("RAPPORT_SMTP_PASSWORD", "of the environment")
    _, _, without = open_rapport()
    assert (without.smtp_host, without.smtp_port) == ("127.0.0.1", 2525)
    connection = {"host": "mail.oak.example", "port": 587, "login": "us", "password": "of the connection"}
    more = {"conn_type": "smtp", "extra": {"from_email": "Oak <reports@oak.example>"}}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({**connection, **more}))
    _, _, found = open_rapport()
    assert (found.smtp_host, found.smtp_port, found.smtp_user) == ("mail.oak.example", 587, "us")
    assert (found.mail_from, found.smtp_tls) == ("Oak <reports@oak.example>", "auto")
    assert os.environ["RAPPORT_SMTP_PASSWORD"] == "of the connection"


def test_no_dag_file_is_long_and_none_imports_the_programme_outside_a_task() -> None:
    for path in (REPOSITORY / "dags").glob("*.py"):
        lines = path.read_text().splitlines()
        assert not [line for line in lines if line.startswith(("from pipelines", "import pipelines"))], path.name
        assert len(lines) < 180


HEAVY = {"pipelines", "bs4", "dbt", "duckdb", "fastapi", "httpx", "numpy", "pandas", "pikepdf", "pyarrow", "weasyprint"}
# As Airflow's processor does it: each file in a fork of a process that knows Airflow already, and nothing of ours.
_PARSE = """
import importlib.util, json, os, sys, time
from pathlib import Path
import airflow.sdk, airflow.providers.standard.operators.hitl
before = set(sys.modules)
for path in sorted(Path(sys.argv[1]).glob("*.py")):
    if os.fork():
        assert os.wait()[1] == 0, path
        continue
    start = time.process_time()
    spec = importlib.util.spec_from_file_location("parsed_" + path.stem, path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    seconds = time.process_time() - start
    loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
    os.write(1, json.dumps([path.stem, seconds, loaded]).encode() + b"\\n")
    os._exit(0)
"""


def test_a_dag_file_is_parsed_in_half_a_second_and_loads_nothing_heavy(airflow_home: Path, tmp_path: Path) -> None:
    """By the processor's own time, as other work on the machine is no fault of a file's."""
    folder = REPOSITORY / "dags"
    paths = os.pathsep.join((str(REPOSITORY), str(folder)))
    parsing = [sys.executable, "-W", "ignore", "-c", _PARSE, str(folder)]
    done = subprocess.run(
        parsing, env={**os.environ, "PYTHONPATH": paths}, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    ours = {path.stem for path in folder.glob("*.py")}
    assert {name for name, _, _ in found} == ours > set(SHAPE)
    assert [(name, seconds) for name, seconds, _ in found if seconds > 0.5] == []
    assert [(name, HEAVY & set(loaded)) for name, _, loaded in found if HEAVY & set(loaded)] == []


@pytest.mark.parametrize(
    ("error", "action", "seconds"),
    [
        (SiteDown("x"), "default", None),
        (SiteDown("x", retry_after_seconds=90), "retry", 90),
        (SiteDown("x", retry_after_seconds=90_000), "retry", 3600),
        (BadKey("x"), "fail", None),
        (ChangedShape("x"), "fail", None),
        (SeveralFailed("x", [BadKey("a"), SiteDown("b", retry_after_seconds=30)]), "retry", 30),
        (SeveralFailed("x", [BadKey("a"), ChangedShape("b")]), "fail", None),
        (RuntimeError("a bug of ours"), "default", None),
    ],
)
def test_a_site_that_is_down_is_retried_and_nothing_else(
    dags: Any, error: Exception, action: str, seconds: float | None
) -> None:
    from wiring import SourceRetry

    decision = SourceRetry().evaluate(error, 1, 3)
    assert decision.action.value == action
    assert (decision.retry_delay.total_seconds() if decision.retry_delay else None) == seconds


@pytest.mark.parametrize(
    ("zone", "params", "due", "night", "month"),
    [
        ("UTC", {"night": "2026-10-31", "month": "2026-09"}, "2026-11-02T08:00:00Z", "2026-10-31", "2026-09"),
        ("UTC", {}, "2026-11-02T08:00:00Z", "2026-11-02", "2026-10"),
        ("UTC", {}, "2026-01-01T00:30:00Z", "2026-01-01", "2025-12"),
        ("America/Chicago", {}, "2026-01-01T00:30:00Z", "2025-12-31", "2025-11"),
    ],
)
def test_which_night_and_month_a_run_is_about(
    dags: Any, monkeypatch: pytest.MonkeyPatch, zone: str, params: dict[str, str], due: str, night: str, month: str
) -> None:
    monkeypatch.setenv("RAPPORT_TIME_ZONE", zone)
    from types import SimpleNamespace

    from wiring import month_of, night_of

    run = SimpleNamespace(logical_date=None, run_after=dt.datetime.fromisoformat(due))
    context = {"params": params, "dag_run": run}
    assert night_of(context).isoformat() == night
    assert month_of(context).isoformat() == f"{month}-01"


def test_airflow_cfg_names_no_path_of_a_machine_and_no_secret() -> None:
    text = (REPOSITORY / "airflow.cfg").read_text()
    values = [line.split("=", 1)[1].strip() for line in text.splitlines() if "=" in line and line[0] not in "#["]
    assert not [value for value in values if value.startswith("/")]
    assert "fernet_key" not in text
    assert "password = " not in text
