"""What tests share: a fenced world (no environment of the developer's, no network but loopback) and small servers."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from email.message import EmailMessage, Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import settings

from pipelines import build
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.landing import DataDir
from pipelines.settings import REPOSITORY
from pipelines.warehouse import open_warehouse
from tests.dbt_child import ForkedChild

SHARED = Path(__file__).resolve().parents[2] / "shared"

MEMORY = Path("/dev/shm")  # noqa: S108, a place, and no file in it
ENOUGH_BYTES = 8 * 1024**3

# How long an example takes is the machine's affair; speed is measured by make bench.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


# What takes a minute or more by itself: begun last, a single worker would end with it alone.
BEGUN_FIRST = (
    *(
        "test_demo.py",
        "test_killed.py",
        "test_send_crashes.py",
        "test_dags_run.py",
        "test_engagement.py",
        "test_forget.py",
    ),
    *("test_build.py", "test_scores.py", "test_history.py", "test_touched.py", "test_figures.py", "test_models.py"),
)


def pytest_configure() -> None:
    """Let tests write to memory where there is enough of it: on a disk they wait for it thousands of times.

    What a power cut leaves on a disk no test can see, on either.
    """
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slowest files first; files keep together."""
    order = {name: place for place, name in enumerate(BEGUN_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


def pytest_collection_finish() -> None:
    """Let the search for cycles pass over all that was imported: it took a twentieth of the tests' time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def fenced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the developer's settings away, and refuse every connection that leaves this machine."""
    for name in [name for name in os.environ if name.startswith("RAPPORT_")]:
        monkeypatch.delenv(name)
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_loopback)


@pytest.fixture(autouse=True, scope="session")
def sql_is_read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give a data folder what dbt read of `sql/` for another one: to read it is a fifth of a small build."""
    read = tmp_path_factory.mktemp("dbt") / "partial_parse.msgpack"
    run_dbt = build._run_dbt

    def run(data: DataDir, sql: Path, *arguments: Any, **options: Any) -> Any:
        own = data.build_folder / "dbt" / read.name
        if read.exists() and not own.exists() and sql == build.SQL:
            own.parent.mkdir(exist_ok=True)
            shutil.copy(read, own)
        nodes = run_dbt(data, sql, *arguments, **options)
        if sql == build.SQL and not read.exists():
            shutil.copy(own, read)
        return nodes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_run_dbt", run)
        yield


@pytest.fixture(autouse=True, scope="session")
def dbt_is_imported_once() -> Iterator[None]:
    """Fork each build's child where dbt is imported already, unless a test puts another program in its place."""
    start, python = build._start_child, sys.executable

    def start_child(*arguments: Any) -> Any:
        return (ForkedChild if sys.executable == python else start)(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_start_child", start_child)
        yield


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give Airflow a home and an empty database, and return their folder.

    Once for all modules: whichever imports Airflow first in a process binds it to one database until its end.
    """
    folder = tmp_path_factory.mktemp("airflow")
    os.environ["AIRFLOW_HOME"] = str(REPOSITORY)
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{folder}/airflow.db"
    os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = "x" * 64
    paths = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "dags")))
    migrate = [sys.executable, "-W", "ignore", "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": paths})
    return folder


@pytest.fixture(scope="session")
def canaries() -> list[str]:
    """What a leak would show: reviewers' names, and a run of words out of every longer review."""
    town = build_town()
    found: set[str] = set()
    for practice in town.practices:
        for night in NIGHTS:
            for review in town.reviews_at(practice.location, pull_instant(night)):
                if review.reviewer and " " in review.reviewer and len(review.reviewer) > 7:
                    found.add(review.reviewer)
                if review.comment and len(review.comment) > 60:
                    found.add(review.comment[10:50])
    assert len(found) > 300
    return sorted(found)


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path / "data")


@pytest.fixture
def said() -> list[str]:
    """Lines a verb says; pass `said.append`."""
    return []


def body_of(mail: Message, kind: Literal["plain", "html"] = "plain") -> str:
    """Return what a mail says in one of its two forms."""
    assert isinstance(mail, EmailMessage)
    part = mail.get_body((kind,))
    assert part, f"the mail has nothing as {kind}"
    return str(part.get_content())


@contextmanager
def opened_once(data: DataDir) -> Iterator[None]:
    """Open a warehouse for many figures at once: to open it takes three times as long as to explain a figure."""
    with open_warehouse(data) as connection, pytest.MonkeyPatch.context() as patch:
        for place in ("explain", "pages.explained"):
            patch.setattr(f"pipelines.{place}.open_warehouse", lambda _: nullcontext(connection))
        yield


Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes], Answer]


@contextmanager
def serving(handle: Handler) -> Iterator[str]:
    """Serve `handle(method, path, headers, body)` on loopback; gives the base URL."""

    class Once(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, answer = handle(self.command, self.path, dict(self.headers), body)
            # An answer that brings its own Date must not carry the real one beside it.
            (self.send_response_only if "Date" in headers else self.send_response)(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", headers.get("X-Claimed-Length", str(len(answer))))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _any  # noqa: N815, http.server looks for these names

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Once)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
