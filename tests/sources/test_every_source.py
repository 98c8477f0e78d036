"""What holds for every source asked over HTTP: whole lists in any pages, and each fault ends in a stated way."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import http
from pipelines.errors import BadKey, ChangedShape, RapportError, SeveralFailed, SiteDown, UnknownName
from pipelines.fetch import fetch
from pipelines.http import Client
from pipelines.landing import DataDir
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, read_table
from pipelines.sources import load_source
from tests.conftest import Answer, serving
from tests.sources.stand_in import (
    NIGHT,
    Base,
    Item,
    ReviewSite,
    configured,
    found_in,
    pull,
    receipts,
    records_in,
    stand_ins,
    tools_for,
)

ELEVEN = "Sat, 31 Oct 2026 11:00:00 GMT"
every = pytest.mark.parametrize("kind", stand_ins(), ids=lambda kind: kind.name)


of_reviews = pytest.mark.parametrize(
    "site", [kind for kind in stand_ins() if issubclass(kind, ReviewSite)], ids=lambda kind: kind.name
)


def quiet(line: str) -> None:
    """Say nothing."""


def ids_of(data: DataDir, platform: Base) -> list[str]:
    return [record.item_id for record in records_in(data, platform, platform.item_kind())]


@every
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(0, 40), page_size=st.integers(1, 12))
def test_any_number_of_things_in_pages_of_any_size_is_read_exactly_once(
    kind: type[Base], count: int, page_size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = DataDir(tmp_path_factory.mktemp("data"))
    platform = kind(count, page_size)
    pull(data, platform)
    assert sorted(ids_of(data, platform)) == sorted(platform.expected())
    assert {receipt.complete for receipt in receipts(data, platform)} == {"complete" not in kind.cannot}
    assert read(kind.name, NIGHT, kind.practices(), data, say=quiet).set_aside == 0
    rows = read_table(data.records(kind.name, NIGHT), RECORDS)
    assert {row["item_id"] for row in rows if row["kind"] == platform.item_kind()} == platform.expected()


@every
def test_a_thing_on_two_pages_counts_once(kind: type[Base], data: DataDir) -> None:
    """New things at the top while a list is paged push others over to the next page."""
    if "shifting" in kind.cannot:
        return
    platform = kind(9, 3)
    platform.shifting = True
    pull(data, platform)
    found = ids_of(data, platform)
    assert len(found) > len(set(found)), "the stand-in did not shift"
    read(kind.name, NIGHT, kind.practices(), data, say=quiet)
    rows = read_table(data.records(kind.name, NIGHT), RECORDS)
    read_ids = [row["item_id"] for row in rows if row["kind"] == platform.item_kind()]
    assert sorted(read_ids) == sorted(platform.expected())


@every
def test_a_list_that_never_ends_is_stopped(kind: type[Base], data: DataDir) -> None:
    if "endless" in kind.cannot:
        return
    platform = kind(9, 3)
    platform.endless = True
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], ChangedShape)
    assert not raised.value.can_recover
    assert len(platform.asked) < 60


@every
def test_one_enormous_text_is_set_aside_and_the_others_are_read(kind: type[Base], data: DataDir) -> None:
    platform = kind(3)
    platform.huge = True
    pull(data, platform)
    result = read(kind.name, NIGHT, kind.practices(), data, say=quiet)
    assert result.set_aside == 1
    assert len(ids_of(data, platform)) == 2
    assert not any(row["complete"] for row in read_table(data.completeness(kind.name, NIGHT), COMPLETENESS))


@every
def test_a_platform_whose_clock_is_ahead_loses_nothing(kind: type[Base], data: DataDir) -> None:
    platform = kind(3)
    platform.skewed = True
    pull(data, platform)
    assert sorted(ids_of(data, platform)) == sorted(platform.expected())


@every
def test_an_id_is_the_same_as_number_and_as_text(kind: type[Base], data: DataDir) -> None:
    if "other_ids" in kind.cannot:
        return
    platform = kind(3)
    platform.other_ids = True
    pull(data, platform)
    assert sorted(ids_of(data, platform)) == sorted(platform.expected())


@every
@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        ((400, {}, b"secret words"), ChangedShape),
        ((401, {}, b'{"error": "secret words"}'), (BadKey, ChangedShape)),
        ((403, {}, b"<html>secret words</html>"), (BadKey, ChangedShape)),
        ((404, {}, b"{}"), (UnknownName, ChangedShape)),
        ((410, {}, b"{}"), (UnknownName, ChangedShape)),
        ((200, {"Content-Type": "text/html"}, b"<html><body>secret words sign in"), RapportError),
        ((200, {}, b'{"data": [{"id": "\xff secret words"}]}'), RapportError),
        ((200, {}, b'{"strange": 1}'), RapportError),
        ((200, {}, b'{"data": ['), RapportError),
        ((200, {}, b"[]x"), RapportError),
    ],
    ids=["400", "401", "403", "404", "410", "html", "utf-8", "strange", "cut", "trailing"],
)
def test_an_answer_that_cannot_be_read_ends_as_what_it_is(
    kind: type[Base], answer: Answer, errors: type[RapportError], data: DataDir
) -> None:
    if str(answer[0]) in kind.cannot:
        return
    platform = kind(3)
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    [failure] = raised.value.failures
    assert isinstance(failure, errors)
    assert not isinstance(failure, SiteDown)
    assert failure.next_step
    assert f"{kind.name}: " in str(failure)
    assert not raised.value.can_recover
    assert not any(secret in str(raised.value) for secret in ("secret words", *kind.key.values()))
    assert [receipt.status for receipt in receipts(data, platform)] == ["failed"]
    pull(data, platform)
    assert sorted(ids_of(data, platform)) == sorted(platform.expected()), "the same night is pulled once it is mended"


@every
@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ((429, {}, b"{}"), None),
        ((429, {"Retry-After": "3600"}, b"{}"), 3600.0),
        ((429, {"Retry-After": "Sat, 31 Oct 2026 12:00:00 GMT", "Date": ELEVEN}, b""), 3600.0),
        ((429, {"X-Rate-Limit-Reset": "1793448000", "X-Rate-Limit-Remaining": "0", "Date": ELEVEN}, b""), 3600.0),
        ((429, {"X-RateLimit-Reset": "2026-10-31T12:00:00.031Z", "Date": ELEVEN}, b""), 3600.031),
        ((429, {"X-RateLimit-Reset": "90", "X-RateLimit-Remaining": "0.0"}, b""), 90.0),
        ((503, {}, b"<html>"), None),
        ((500, {}, b"{}"), None),
        ((200, {"Content-Encoding": "gzip"}, b"not gzip"), None),
    ],
    ids=["429", "seconds", "date", "epoch", "stamp", "to go", "503", "500", "not gzip"],
)
def test_a_busy_or_broken_site_can_recover(
    kind: type[Base], answer: Answer, seconds: float | None, data: DataDir
) -> None:
    platform = kind(3)
    # Care Opinion is asked for less after a 500, because one story may be the cause of it.
    platform.refuse = [answer] * 30
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert raised.value.can_recover
    assert raised.value.retry_after_seconds == (pytest.approx(seconds) if seconds else None)
    platform.refuse.clear()
    pull(data, platform)
    assert sorted(ids_of(data, platform)) == sorted(platform.expected())


@every
def test_a_500_is_tried_again_at_once(kind: type[Base], data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.0)
    platform = kind(3)
    platform.refuse = [(500, {}, b"{}"), (502, {}, b"")]
    pull(data, platform, attempts=4)
    assert sorted(ids_of(data, platform)) == sorted(platform.expected())


@every
def test_a_gzip_that_is_cut_off_is_never_taken_for_whole(kind: type[Base], data: DataDir) -> None:
    platform = kind(3)
    body = gzip.compress(json.dumps({"data": [{"id": str(n), "text": "x" * n} for n in range(900)]}).encode())
    platform.refuse = [(200, {"Content-Encoding": "gzip"}, body[: len(body) // 2])]
    with pytest.raises(SeveralFailed):
        pull(data, platform)


@every
def test_a_redirect_carries_no_key_elsewhere(kind: type[Base], data: DataDir) -> None:
    """Where a blog has moved it may be followed, but nothing secret goes along."""
    elsewhere: list[tuple[str, dict[str, str]]] = []

    def note(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        elsewhere.append((path + body.decode(), headers))
        return 404, {}, b"{}"

    platform = kind(3)
    with serving(note) as other:
        platform.refuse = [(301, {"Location": f"{other}/moved"}, b"")]
        with pytest.raises(SeveralFailed):
            pull(data, platform)
    for path, headers in elsewhere:
        assert not any(secret in path or secret in str(headers) for secret in kind.key.values())
    assert not elsewhere or not kind.key


@contextmanager
def slow_server(first: bytes, then: bytes) -> Iterator[str]:
    """Serve `first`, then `then` byte by byte for as long as somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop = threading.Event()

        def serve() -> None:
            listening.settimeout(0.05)
            while not stop.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    continue
                with connection:
                    connection.recv(65_536)
                    connection.sendall(first)
                    try:
                        while not stop.wait(0.05) and then:
                            connection.sendall(then)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stop.set()
            thread.join()


@every
@pytest.mark.parametrize(
    ("first", "then"),
    [(b"", b""), (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ")],
    ids=["headers", "body"],
)
def test_a_slow_site_is_given_up(
    kind: type[Base], first: bytes, then: bytes, data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LONGEST_ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(http, "_TIMEOUT", httpx.Timeout(0.3))
    started = time.monotonic()
    with slow_server(first, then) as base, pytest.raises(SeveralFailed) as raised:
        fetch(kind.name, NIGHT, kind.practices(), data, configured(kind, base, monkeypatch), say=quiet)
    assert raised.value.can_recover
    assert time.monotonic() - started < 10


@every
def test_nobody_there_can_recover(kind: type[Base], data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = configured(kind, "http://127.0.0.1:1", monkeypatch)
    with pytest.raises(SeveralFailed, match="could not be read") as raised:
        fetch(kind.name, NIGHT, kind.practices(), data, nowhere, say=quiet)
    assert raised.value.can_recover


@every
def test_without_a_key_it_is_left_out_with_the_reason(
    kind: type[Base], data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kind.key:
        return
    settings_ = configured(kind, "http://127.0.0.1:1", monkeypatch)
    monkeypatch.delenv(f"RAPPORT_KEY_{kind.name.upper()}")
    found = fetch(kind.name, NIGHT, kind.practices(), data, settings_, say=quiet)
    assert (found.whole, found.skipped) == (0, 1)
    assert f"RAPPORT_KEY_{kind.name.upper()} is not set" in found.why
    read(kind.name, NIGHT, kind.practices(), data, say=quiet)
    [row] = read_table(data.completeness(kind.name, NIGHT), COMPLETENESS)
    assert (row["status"], row["practice_id"], row["complete"]) == ("skipped", "riverside", False)


@every
def test_the_doctor_tries_each_key(kind: type[Base], data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    source = load_source(kind.name)
    platform = kind(1)
    with serving(platform) as base, Client(kind.name, per_minute=6e6, attempts=1) as client:
        tools = tools_for(kind, configured(kind, base, monkeypatch), client, data)
        checked = source.check(kind.practices(), tools)
        assert checked
        assert all(error is None for _, error in checked)
        assert source.check(type(kind.practices())(), tools) == []


@every
def test_the_doctor_says_that_a_key_is_refused(
    kind: type[Base], data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kind.key or "401" in kind.cannot:
        return
    platform = kind(1)
    platform.refuse = [(401, {}, b"{}")] * 5
    with serving(platform) as base, Client(kind.name, per_minute=6e6, attempts=1) as client:
        tools = tools_for(kind, configured(kind, base, monkeypatch), client, data)
        [(what, error)] = load_source(kind.name).check(kind.practices(), tools)
    assert what in ("key 'default'", "riverside")
    assert isinstance(error, BadKey)


@every
def test_a_field_that_was_never_there_is_noted_once_and_without_its_value(kind: type[Base], data: DataDir) -> None:
    if "new_fields" in kind.cannot:
        return
    said: list[str] = []
    platform = kind(3)
    nights: list[Item] = [{}, {}, {"brandNew": "secret words"}, {}, {"brandNew": 2}]
    for day, more in enumerate(nights):
        platform.new_fields = more
        night = NIGHT + dt.timedelta(days=day)
        pull(data, platform, night)
        read(kind.name, night, kind.practices(), data, say=said.append)
        assert any("new fields" in line for line in said) == (day >= 2)
        # With nothing of the nights before, each night lists everything.
        shutil.rmtree(data.pages(kind.name, night))
    [noted] = [line for line in said if "new fields" in line]
    assert noted.startswith(f"warning: {kind.name} has new fields, which are not read: ")
    assert {name.rpartition(".")[2] for name in noted.partition("read: ")[2].split(", ")} == {"brandNew"}
    assert "secret" not in str(said)


@every
def test_no_key_is_kept_in_pages_or_receipts(kind: type[Base], data: DataDir) -> None:
    platform = kind(30, 5)
    pull(data, platform)
    kept = b"".join(
        page.body + json.dumps(receipt.about | receipt.keep).encode()
        for receipt in receipts(data, platform)
        for page in data.saved_pages(receipt)
    )
    assert not any(secret.encode() in kept for secret in kind.key.values())


@every
def test_every_record_names_its_page_and_has_a_date(kind: type[Base], data: DataDir) -> None:
    platform = kind(5)
    pull(data, platform)
    found = [item for item in found_in(data, platform) if not hasattr(item, "reason")]
    assert found
    for record in records_in(data, platform, platform.item_kind()):
        assert record.page.startswith(f"pages/{kind.name}/{NIGHT}/")
        assert record.source == kind.name
        assert record.created_at is not None
        assert record.created_at.utcoffset() == dt.timedelta(0)
        assert record.practice_id == "riverside"


@of_reviews
def test_a_bad_review_is_set_aside_and_mostly_bad_ones_stop(site: type[ReviewSite], data: DataDir) -> None:
    bad = [site.item(number, **site.broken) for number in (7, 8, 9)]
    platform = site.holding([site.item(1), bad[0], site.item(2)])
    pull(data, platform)
    assert set(ids_of(data, platform)) == {"1", "2"}
    assert read(site.name, NIGHT, site.practices(), data, say=quiet).set_aside == 1
    assert "secret" not in data.set_aside(site.name, NIGHT).read_text()
    [row] = read_table(data.completeness(site.name, NIGHT), COMPLETENESS)
    assert not row["complete"], "what could not be read must not look removed"
    later = NIGHT + dt.timedelta(days=7)
    pull(data, site.holding([*bad, site.item(1)]), later)
    with pytest.raises(SeveralFailed, match=r"3 of 4 .* could not be read"):
        read(site.name, later, site.practices(), data, say=quiet)


@every
def test_what_an_answer_holds_counts_and_not_what_its_header_calls_it(kind: type[Base], data: DataDir) -> None:
    class Mislabelled(kind):  # type: ignore[misc, valid-type]
        def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            status, more, told = super().__call__(method, path, headers, body)
            return status, more | {"Content-Type": "image/png"}, told

    platform = Mislabelled(7, 3)
    pull(data, platform)
    assert sorted(ids_of(data, platform)) == sorted(platform.expected())
