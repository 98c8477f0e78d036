"""The data directory: what is there is whole, whatever happened while it was written."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from pipelines.errors import ChangedShape
from pipelines.landing import DataDir, Visit, atomic_path, read_page, write_bytes

NIGHT = dt.date(2026, 11, 1)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a" / "file"
    write_bytes(target, b"old")

    def interrupted() -> None:
        with atomic_path(target) as partial:
            partial.write_bytes(b"new, half")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_a_visit_is_invisible_until_it_is_published(data: DataDir) -> None:
    visit = Visit(data, "somewhere", NIGHT, "oak")
    visit.keep(b"{}", "json")
    assert data.receipts("somewhere", NIGHT) == []
    visit.publish(complete=True, expected=0)
    [receipt] = data.receipts("somewhere", NIGHT)
    assert (receipt.complete, receipt.pages) == (True, ["0001.json.zst"])
    [page] = data.saved_pages(receipt)
    assert (page.body, page.path) == (b"{}", "pages/somewhere/2026-11-01/oak/0001.json.zst")


def test_what_an_interrupted_visit_left_is_not_mixed_into_the_next(data: DataDir) -> None:
    left_over = Visit(data, "somewhere", NIGHT, "oak")
    left_over.keep(b"left over", "json")
    left_over.keep(b"left over too", "json")
    again = Visit(data, "somewhere", NIGHT, "oak")
    again.keep(b"whole", "json")
    receipt = again.publish()
    assert [page.body for page in data.saved_pages(receipt)] == [b"whole"]
    assert sorted(path.name for path in data.pages("somewhere", NIGHT).glob("*/*")) == ["0001.json.zst", "receipt.json"]


def test_a_visit_that_is_there_stays_as_it_was(data: DataDir) -> None:
    for body in (b"first", b"second"):
        visit = Visit(data, "somewhere", NIGHT, "oak")
        visit.keep(body, "json")
        visit.publish()
    [receipt] = data.receipts("somewhere", NIGHT)
    assert [page.body for page in data.saved_pages(receipt)] == [b"first"]


def test_a_failed_visit_keeps_its_pages_and_gives_way_to_a_whole_one(data: DataDir) -> None:
    failed = Visit(data, "somewhere", NIGHT, "oak")
    failed.keep(b"odd", "json")
    kept = failed.fail(ChangedShape("it is odd"), about={"practice_id": "oak"}, retriable=False)
    assert kept == "pages/somewhere/2026-11-01/oak.failed"
    [receipt] = data.receipts("somewhere", NIGHT)
    assert (receipt.status, receipt.why) == ("failed", "it is odd")
    assert [page.body for page in data.saved_pages(receipt)] == [b"odd"]
    evidence = data.pages("somewhere", NIGHT) / "oak.failed"
    shutil.copytree(evidence, data.root / "copy")
    Visit(data, "somewhere", NIGHT, "oak").publish()
    assert not evidence.exists()
    # Killed between publishing and tidying up, both are there; the whole visit is the one that counts.
    shutil.copytree(data.root / "copy", evidence)
    assert [r.status for r in data.receipts("somewhere", NIGHT)] == ["ok"]


def test_equal_responses_are_kept_as_equal_bytes(data: DataDir) -> None:
    for label in ("one", "two"):
        visit = Visit(data, "somewhere", NIGHT, label)
        visit.keep(b'{"reviews": []}' * 100, "json")
        visit.publish()
    one, two = (data.pages("somewhere", NIGHT) / label / "0001.json.zst" for label in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_page_saved_by_hand_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_bytes(b"{}")
    assert read_page(tmp_path / "saved.json") == b"{}"


def test_nights_come_in_order_and_without_what_is_hidden(data: DataDir) -> None:
    for name in ("2026-11-02", "2026-10-31", ".2026-11-03.partial"):
        (data.root / "pages" / "somewhere" / name).mkdir(parents=True)
    assert data.nights("pages", "somewhere") == [dt.date(2026, 10, 31), dt.date(2026, 11, 2)]
    assert data.nights("features", "somewhere") == []
