"""Airflow started for real, on this machine only: its processes, a login, and runs triggered through its API.

Nothing here imports Airflow; it is started as commands and spoken to over HTTP, as an operator's browser would.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from pipelines.errors import RapportError
from pipelines.settings import REPOSITORY

USER = "admin"
_START_SECONDS = 180.0
# Answered before the scheduler's next loop, the task is queued again before it is noted that it had stopped to wait,
# and is taken for a crashed one. It then asks a second time, which `follow` answers too.
_HUMAN_SECONDS = 8.0
_FINISHED = {"success", "failed"}
_TOLD = {*_FINISHED, "upstream_failed", "up_for_retry", "awaiting_input"}


class StageFailed(RapportError):
    """Airflow did not start, or a run did not end."""


def end_on_sigterm() -> None:
    """End as after Ctrl-C when a service manager ends us, so that Airflow's processes end with us."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stage:
    """Scheduler, DAG processor, API server (and triggerer) with their files under `<data>/airflow`."""

    def __init__(
        self,
        data_dir: Path,
        variables: Mapping[str, str],
        *,
        port: int,
        components: tuple[str, ...] = ("api-server", "dag-processor", "scheduler"),
        fresh: bool = False,
        say: Callable[[str], None],
    ) -> None:
        self.folder = data_dir / "airflow"
        self.url = f"http://127.0.0.1:{port}"
        self._components, self._fresh, self._say = components, fresh, say
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            **os.environ,
            **variables,
            "AIRFLOW_HOME": str(REPOSITORY),
            "RAPPORT_DATA_DIR": str(data_dir),
            "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "dags"))),
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": self.url,
            # Each LocalExecutor worker is a process of 140 MB; two cores do not gain by more than a few.
            "AIRFLOW__CORE__PARALLELISM": "4",
            "PYTHONWARNINGS": "ignore",
        }
        self._http = httpx.Client(base_url=self.url, timeout=30)
        self.password = ""

    def __enter__(self) -> Stage:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StageFailed(
                "Airflow is already running here",
                where=str(self.folder),
                next_step="End it first: Ctrl-C where it was started, or `pkill -f airflow`",
            ) from None
        if self._fresh:
            # A run that a killed process left behind would hold the place of the next one.
            for path in self.folder.glob("airflow.db*"):
                path.unlink()
        for name in ("jwt_secret", "api_secret"):
            _private(self.folder / name, lambda: secrets.token_urlsafe(48))
        passwords = self.folder / "passwords.json"
        _private(passwords, lambda: json.dumps({USER: secrets.token_urlsafe(12)}))
        self.password = json.loads(passwords.read_text())[USER]
        self._say("Airflow: preparing its database")
        self._run("db", "migrate")
        try:
            for component in self._components:
                self._running[component] = self._start(component)
            self._wait_until_ready()
            self._make_pools()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def wait(self) -> None:
        """Wait until Ctrl-C, SIGTERM, or until a process has ended by itself, which is an error."""
        while True:
            for component, process in self._running.items():
                if process.poll() is not None:
                    raise StageFailed(
                        f"airflow {component} has ended", evidence=str(self._log(component)), next_step="Read its log"
                    )
            time.sleep(1)

    def trigger(self, dag: str, conf: dict[str, str]) -> str:
        """Start a run of a DAG and return its id."""
        self._call("PATCH", f"/api/v2/dags/{dag}", json={"is_paused": False})
        run = self._call("POST", f"/api/v2/dags/{dag}/dagRuns", json={"logical_date": None, "conf": conf})
        return str(run["dag_run_id"])

    def follow(
        self, dag: str, run: str, limit_seconds: float = 300.0, *, answer: Callable[[], Any] | None = None
    ) -> str:
        """Print each task as it ends and return the run's state; answer the approval with what `answer` returns."""
        told: dict[tuple[str, int], str] = {}
        waiting_since: float | None = None
        give_up = time.monotonic() + limit_seconds
        while True:
            state = str(self._call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"])
            for task in self._tasks(dag, run):
                key = (task["task_id"], task["map_index"])
                if answer and task["task_id"] == "approve":
                    waiting_since = self._answer(dag, run, task, answer, waiting_since)
                if told.get(key) != task["state"] and task["state"] in _TOLD:
                    told[key] = task["state"]
                    named = f" {task['rendered_map_index']}" if task.get("rendered_map_index") else ""
                    self._say(f"  {task['task_id']}{named}: {task['state'].replace('_', ' ')}")
            if state in _FINISHED:
                return state
            if time.monotonic() > give_up:
                raise StageFailed(f"{dag} did not end in {limit_seconds:.0f} s", evidence=str(self._log("scheduler")))
            time.sleep(0.5)

    def newest_run(self, dag: str) -> str:
        found = self._call("GET", f"/api/v2/dags/{dag}/dagRuns", params={"order_by": "-run_after", "limit": "1"})
        return str(found["dag_runs"][0]["dag_run_id"])

    def failed_tasks(self, dag: str, run: str) -> list[str]:
        return sorted(
            f"{t['task_id']} {t.get('rendered_map_index') or ''}".strip()
            for t in self._tasks(dag, run)
            if t["state"] == "failed"
        )

    def _tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        found = self._call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances", params={"limit": "100"})
        return sorted(found["task_instances"], key=lambda task: (task["start_date"] or "9", task["task_id"]))

    def _answer(
        self, dag: str, run: str, task: dict[str, Any], answer: Callable[[], Any], waiting_since: float | None
    ) -> float | None:
        """Answer once the question has stood for a while; return since when it has been standing."""
        if task["state"] != "awaiting_input":
            return None
        if waiting_since is None:
            return time.monotonic()
        if time.monotonic() - waiting_since < _HUMAN_SECONDS:
            return waiting_since
        path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task['task_id']}/-1/hitlDetails"
        self._call("PATCH", path, json=answer())
        return math.inf

    def _call(self, method: str, path: str, **body: Any) -> Any:
        answer = self._http.request(method, path, **body)
        if answer.status_code >= 400:
            raise StageFailed(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.json()

    def _log(self, component: str) -> Path:
        return self.folder / f"{component}.log"

    def _run(self, *arguments: str) -> None:
        with self._log(arguments[0]).open("wb") as log:
            done = subprocess.run(self._command(*arguments), env=self._environment, stdout=log, stderr=log, check=False)
        if done.returncode:
            raise StageFailed(
                f"airflow {' '.join(arguments)} failed", evidence=str(self._log(arguments[0])), next_step="Read its log"
            )

    def _start(self, component: str) -> subprocess.Popen[bytes]:
        with self._log(component).open("wb") as log:
            return subprocess.Popen(
                self._command(component),
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # As long as one of them lives, even after we were killed, nobody starts a second set beside it.
                pass_fds=(self._lock.fileno(),),
            )

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "airflow", *arguments]

    def _wait_until_ready(self) -> None:
        self._say("Airflow: starting " + ", ".join(self._components))
        give_up = time.monotonic() + _START_SECONDS
        while time.monotonic() < give_up:
            for component, process in self._running.items():
                if process.poll() is not None:
                    raise StageFailed(f"airflow {component} ended at start", evidence=str(self._log(component)))
            if self._is_ready():
                self._say(f"Airflow: ready at {self.url}")
                return
            time.sleep(0.5)
        raise StageFailed(f"Airflow was not ready after {_START_SECONDS:.0f} s", evidence=str(self.folder))

    def _make_pools(self) -> None:
        """Make the pools that the DAGs name; a task of a pool that is not there waits for it."""
        for name, pool in json.loads((REPOSITORY / "dags" / "pools.json").read_text()).items():
            if self._http.get(f"/api/v2/pools/{name}").status_code == 404:
                self._call("POST", "/api/v2/pools", json={"name": name, **pool})

    def _is_ready(self) -> bool:
        try:
            health = self._http.get("/api/v2/monitor/health")
            if health.status_code != 200 or health.json()["scheduler"]["status"] != "healthy":
                return False
            if "Authorization" not in self._http.headers:
                login = self._http.post("/auth/token", json={"username": USER, "password": self.password})
                self._http.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
            known = self._http.get("/api/v2/dags").json()
        except (httpx.TransportError, ValueError, KeyError):
            return False
        return {"nightly", "monthly", "housekeeping"} <= {dag["dag_id"] for dag in known.get("dags", [])}

    def _stop(self) -> None:
        """SIGTERM each process once; a second one would interrupt the first's tidying up."""
        self._http.close()
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # What a component started and left behind is in its process group.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self._running = {}
        self._lock.close()


def _private(path: Path, content: Callable[[], str]) -> None:
    """Write a file only we may read, unless it is there."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(content())
