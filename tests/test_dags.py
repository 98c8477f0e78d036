"""The DAGs: they import, their shape is as drawn here, their runbooks are there, and their retries follow the error."""

from __future__ import annotations

import datetime as dt
import json
import os
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
        "build": {"verdict"},
        "verdict": set(),
    },
    "monthly": {
        "gate": {"render"},
        "render": {"approve", "send"},
        "approve": {"send"},
        "send": {"verdict"},
        "verdict": set(),
    },
    "housekeeping": {"purge": set(), "bounces": set()},
}


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("airflow")
    os.environ["AIRFLOW_HOME"] = str(REPOSITORY)
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{folder}/airflow.db"
    os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = "x" * 64
    os.environ["RAPPORT_DATA_DIR"] = str(folder)
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
        assert "| red box |" in dag.doc_md or "A red `purge`" in dag.doc_md
        for task in set(SHAPE[name]) - set(source_names()):
            assert task in dag.doc_md, f"{name} has no line for {task}"


def test_every_source_of_the_folder_is_pulled(dags: Any) -> None:
    from pipelines.sources import source_names

    source = Path(REPOSITORY / "dags" / "nightly.py").read_text()
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
        assert len(lines) < 130


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
    ("params", "due", "night", "month"),
    [
        ({"night": "2026-10-31", "month": "2026-09"}, "2026-11-02T08:00:00Z", "2026-10-31", "2026-09"),
        ({}, "2026-11-02T08:00:00Z", "2026-11-02", "2026-10"),
        ({}, "2026-01-01T00:30:00Z", "2026-01-01", "2025-12"),
    ],
)
def test_which_night_and_month_a_run_is_about(
    dags: Any, params: dict[str, str], due: str, night: str, month: str
) -> None:
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
