"""The published warehouse: every way it can be unreadable has one message, and its rows have one hash."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import NotReady
from pipelines.landing import DataDir
from pipelines.warehouse import export, open_file, open_warehouse, rows, table_hashes, warehouse_hash


def made(path: Path, values: str = "(1, 'a'), (2, null)") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        for schema in ("staging", "core", "metrics", "reports"):
            connection.execute(f"create schema {schema}")
        connection.execute(f"create table reports.figures as select * from (values {values}) as t (number, name)")
        connection.execute("create table core.reviews (item_id varchar)")
    return path


def test_rows_are_dicts_in_the_order_asked_for(data: DataDir) -> None:
    made(data.warehouse)
    with open_warehouse(data) as connection:
        found = rows(connection, "select * from reports.figures where number < $most order by 1 desc", {"most": 3})
    assert found == [{"number": 2, "name": None}, {"number": 1, "name": "a"}]


def test_a_missing_warehouse_says_what_to_do(data: DataDir) -> None:
    with (
        pytest.raises(NotReady, match=r"warehouse.duckdb: there is no warehouse yet. Run `rapport build`."),
        open_warehouse(data),
    ):
        pass


def test_a_truncated_warehouse_says_what_to_do(data: DataDir) -> None:
    made(data.warehouse)
    data.warehouse.write_bytes(data.warehouse.read_bytes()[:20_000])
    with pytest.raises(NotReady, match="cannot be read"), open_warehouse(data):
        pass


def test_a_file_that_is_none_says_what_to_do(data: DataDir) -> None:
    data.root.mkdir()
    data.warehouse.write_text("hello", encoding="utf-8")
    with pytest.raises(NotReady, match="cannot be read"), open_warehouse(data):
        pass


def test_an_empty_database_is_no_warehouse(data: DataDir) -> None:
    data.root.mkdir()
    duckdb.connect(str(data.warehouse)).close()
    with pytest.raises(NotReady, match="has no reports in it"), open_warehouse(data):
        pass


def test_a_log_beside_the_warehouse_is_refused_before_it_can_crash_the_reader(data: DataDir) -> None:
    made(data.warehouse)
    data.warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"not its own")
    with pytest.raises(NotReady, match=r"left warehouse.duckdb.wal"), open_warehouse(data):
        pass


def test_a_warehouse_somebody_writes_to_says_so(data: DataDir) -> None:
    made(data.warehouse)
    code = "import duckdb,sys; c=duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(data.warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        with pytest.raises(NotReady, match="another programme is writing"), open_warehouse(data):
            pass


def test_nothing_can_be_written_and_no_other_file_read(data: DataDir) -> None:
    made(data.warehouse)
    with open_warehouse(data) as connection:
        with pytest.raises(duckdb.Error):
            connection.execute("delete from reports.figures")
        with pytest.raises(duckdb.Error):
            connection.execute("select * from read_text('/etc/hostname')")


def test_a_replaced_warehouse_is_seen_while_the_old_one_is_still_open(data: DataDir, tmp_path: Path) -> None:
    made(data.warehouse)
    newer = made(tmp_path / "newer" / "warehouse.duckdb", "(3, 'c')")
    with open_warehouse(data) as old:
        newer.replace(data.warehouse)
        with open_warehouse(data) as new:
            assert rows(new, "select number from reports.figures") == [{"number": 3}]
        assert rows(old, "select count(*) as n from reports.figures") == [{"n": 2}]


def test_the_hash_is_of_the_rows_not_of_their_order(tmp_path: Path) -> None:
    one = made(tmp_path / "1" / "warehouse.duckdb")
    turned = made(tmp_path / "2" / "warehouse.duckdb", "(2, null), (1, 'a')")
    other = made(tmp_path / "3" / "warehouse.duckdb", "(1, 'a'), (2, '')")
    assert one.read_bytes() != turned.read_bytes()
    assert table_hashes(one) == table_hashes(turned)
    assert warehouse_hash(one) == warehouse_hash(turned) != warehouse_hash(other)
    assert table_hashes(one)["core.reviews"] == table_hashes(other)["core.reviews"]


def test_the_export_is_ordered_and_tells_nothing_from_an_empty_text(tmp_path: Path) -> None:
    path = made(tmp_path / "warehouse.duckdb", "(2, null), (1, 'a \"b\"'), (3, '')")
    files = export(path, tmp_path / "out")
    assert [file.name for file in files] == ["core.reviews.csv", "reports.figures.csv"]
    assert files[1].read_text(encoding="utf-8") == 'number,name\n"1","a ""b"""\n"2",\n"3",""\n'


def test_two_processes_read_at_the_same_time(data: DataDir, tmp_path: Path) -> None:
    made(data.warehouse)
    shutil.copy(data.warehouse, tmp_path / "kept")
    with open_warehouse(data), multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(warehouse_hash, (data.warehouse,)) == warehouse_hash(data.warehouse)


def test_a_file_of_another_name_is_opened_too(tmp_path: Path) -> None:
    with open_file(made(tmp_path / "kept.duckdb")) as connection:
        assert len(rows(connection, "select * from reports.figures")) == 2
