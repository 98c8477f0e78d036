"""Our small SQLite files: a change is there whole or not at all, is on the disk when it is kept, and holds no lock."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipelines.store import open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_store(tmp_path / "kept.db") as db:
        db.execute("create table kept (one text)")
    return tmp_path / "kept.db"


def write(path: Path, *, fail: bool, autocommit: bool = False) -> None:
    with suppress(ZeroDivisionError), open_store(path, autocommit=autocommit) as db:
        db.execute("insert into kept values ('x')")
        if fail:
            raise ZeroDivisionError


def held(path: Path) -> int:
    with open_store(path) as db:
        return int(db.execute("select count(*) from kept").fetchone()[0])


def test_what_fails_halfway_is_undone_and_what_is_committed_by_itself_stays(path: Path) -> None:
    write(path, fail=True)
    assert held(path) == 0
    write(path, fail=False)
    assert held(path) == 1
    write(path, fail=True, autocommit=True)
    assert held(path) == 2


def test_kept_means_on_the_disk_however_sqlite_was_built(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def built_with_less(*arguments: Any, **named: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*arguments, **named)
        db.execute("pragma synchronous = off")
        return db

    monkeypatch.setattr(sqlite3, "connect", built_with_less)
    full = 2
    for autocommit in (False, True):
        with open_store(path, autocommit=autocommit) as db:
            assert db.execute("pragma synchronous").fetchone() == (full,)


def test_a_file_is_closed_also_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_store(path) as db:
        raise ZeroDivisionError
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("select 1")
