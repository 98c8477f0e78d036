"""What holds for every review platform: whole lists in any pages, and each fault ends in a stated way."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import BadKey, ChangedShape, RapportError, SeveralFailed, UnknownName
from pipelines.fetch import fetch
from pipelines.http import Client
from pipelines.landing import DataDir
from pipelines.read import read
from pipelines.records import COMPLETENESS, read_table
from pipelines.sources import load_source
from tests.conftest import Answer, serving
from tests.sources.platforms import NIGHT, PLATFORMS, Platform, configured, found_in, pull, reviews_of, tools_for

every = pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: kind.name)
LISTED = [kind for kind in PLATFORMS if kind.name != "yelp"]
every_listed = pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.name)


@every_listed
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(0, 40), page_size=st.integers(1, 12))
def test_any_number_of_reviews_in_pages_of_any_size_is_read_exactly_once(
    kind: type[Platform], count: int, page_size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = DataDir(tmp_path_factory.mktemp("data"))
    platform = kind([kind.item(number) for number in range(count)], page_size)
    receipt = pull(data, platform)
    ids = [review.item_id for review in reviews_of(data, platform, receipt)]
    assert sorted(ids) == sorted(f"r{number}" for number in range(count))
    assert receipt.complete
    assert read(kind.name, NIGHT, kind.practices(), data, say=lambda line: None).set_aside == 0


@every_listed
def test_a_review_on_two_pages_counts_once(kind: type[Platform], data: DataDir) -> None:
    """A new review at the top while the list is paged pushes one over to the next page."""
    platform = kind([kind.item(1), kind.item(2), kind.item(2), kind.item(3)], 2)
    pull(data, platform)
    read(kind.name, NIGHT, kind.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness(kind.name, NIGHT), COMPLETENESS)
    assert row["status"] == "ok"
    found = {r.item_id for r in reviews_of(data, platform, pull(data, platform))}
    assert found == {"r1", "r2", "r3"}
    assert read(kind.name, NIGHT, kind.practices(), data, say=lambda line: None).records >= 3


@every
def test_the_records_of_a_night_name_their_page(kind: type[Platform], data: DataDir) -> None:
    platform = kind([kind.item(1)])
    receipt = pull(data, platform)
    [review] = reviews_of(data, platform, receipt)
    assert review.page.startswith(f"pages/{kind.name}/{NIGHT}/riverside/")
    assert (review.source, review.practice_id, review.position) == (kind.name, "riverside", 1)
    assert review.created_at
    assert review.created_at.tzinfo == dt.UTC


@every
@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((401, {}, b'{"error": "secret words"}'), BadKey, "401"),
        ((403, {}, b"<html>secret words</html>"), BadKey, "403"),
        ((404, {}, b"{}"), UnknownName, "practices.toml"),
        ((410, {}, b"{}"), UnknownName, "practices.toml"),
        ((400, {}, b"secret words"), ChangedShape, "answered 400"),
        ((301, {"Location": "https://elsewhere.example/"}, b""), RapportError, "30|sign in|moved"),
        ((200, {}, b"<html><body>secret words"), RapportError, "contract|sign in|page of HTML"),
        ((200, {}, b'{"reviews": [{"id": "r1", "text": "\xff secret words"}]}'), ChangedShape, "contract"),
        ((200, {}, b'{"strange": 1}'), ChangedShape, "contract"),
        ((200, {}, b'{"reviews": ['), ChangedShape, "contract"),
        ((200, {}, b"[]x"), ChangedShape, "contract"),
    ],
    ids=["401", "403", "404", "410", "400", "301", "html", "utf-8", "strange", "cut", "trailing"],
)
def test_each_refusal_has_its_error_and_next_step(
    kind: type[Platform], answer: Answer, error: type[RapportError], words: str, data: DataDir
) -> None:
    platform = kind([kind.item(1)])
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed, match=words) as raised:
        pull(data, platform)
    [failure] = raised.value.failures
    assert isinstance(failure, error)
    assert failure.next_step
    assert f"{kind.name}: riverside" in str(failure)
    assert "secret" not in str(raised.value)
    assert "hush" not in str(raised.value)
    assert not raised.value.can_recover
    assert len(platform.asked) == 1, "a bad key is not tried twice, and a redirect is not followed"
    [receipt] = data.receipts(kind.name, NIGHT)
    assert receipt.status == "failed"


@every
@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ((429, {"Retry-After": "30"}, b"{}"), 30),
        ((429, {}, b"{}"), None),
        ((503, {"Retry-After": "120"}, b"{}"), 120),
        ((500, {}, b"<html>"), None),
    ],
    ids=["seconds", "no delay", "503", "500"],
)
def test_a_platform_that_is_busy_or_down_can_recover(
    kind: type[Platform], answer: Answer, seconds: float | None, data: DataDir
) -> None:
    platform = kind([kind.item(1)])
    platform.refuse = [answer] * 30
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert raised.value.can_recover
    assert raised.value.retry_after_seconds == seconds
    platform.refuse.clear()
    assert reviews_of(data, platform, pull(data, platform)), "the same night is pulled once it is back"


@every
def test_a_body_that_is_not_the_gzip_it_says_it_is_can_recover(kind: type[Platform], data: DataDir) -> None:
    platform = kind([kind.item(1)])
    platform.refuse = [(200, {"Content-Encoding": "gzip"}, b"not gzip")]
    with pytest.raises(SeveralFailed, match="could not be read") as raised:
        pull(data, platform)
    assert raised.value.can_recover


@every
def test_a_gzip_that_is_cut_off_is_never_taken_for_whole(kind: type[Platform], data: DataDir) -> None:
    platform = kind([kind.item(1)])
    body = gzip.compress(b'{"reviews": [' + b'{"id": 1},' * 5_000)
    platform.refuse = [(200, {"Content-Encoding": "gzip"}, body[: len(body) // 2])]
    with pytest.raises(SeveralFailed):
        pull(data, platform)
    assert [receipt.status for receipt in data.receipts(kind.name, NIGHT)] == ["failed"]


@every
def test_nobody_there_and_no_key(kind: type[Platform], data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = configured(kind.name, "http://127.0.0.1:1", kind.key, monkeypatch)
    with pytest.raises(SeveralFailed, match="could not be read") as raised:
        fetch(kind.name, NIGHT, kind.practices(), data, settings, say=lambda line: None)
    assert raised.value.can_recover
    monkeypatch.delenv(f"RAPPORT_KEY_{kind.name.upper()}")
    found = fetch(kind.name, NIGHT, kind.practices(), data, settings, say=lambda line: None)
    assert (found.whole, found.skipped) == (0, 1)
    assert f"RAPPORT_KEY_{kind.name.upper()} is not set" in found.why
    read(kind.name, NIGHT, kind.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness(kind.name, NIGHT), COMPLETENESS)
    assert (row["status"], row["practice_id"], row["complete"]) == ("skipped", "riverside", False)


@every_listed
def test_a_field_that_was_never_there_is_noted_once(kind: type[Platform], data: DataDir) -> None:
    lines: list[str] = []
    nights: list[dict[str, Any]] = [{}, {}, {"brandNew": "secret words"}, {"brandNew": 2}]
    for day, more in enumerate(nights):
        night = NIGHT + dt.timedelta(days=day)
        item = kind.item(1, **more)
        pull(data, kind([item]), night)
        read(kind.name, night, kind.practices(), data, say=lines.append)
    noted = [line for line in lines if "new fields" in line]
    name = "comment.brandNew" if kind.name == "nhs_uk" else "brandNew"
    assert noted == [f"warning: {kind.name} has new fields, which are not read: {name}"]


@every
def test_the_doctor_tries_each_key(kind: type[Platform], data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    source = load_source(kind.name)
    platform = kind([kind.item(1)])
    with serving(platform) as base, Client(kind.name, per_minute=600_000, attempts=1) as client:
        tools = tools_for(kind.name, configured(kind.name, base, kind.key, monkeypatch), client, data)
        [(what, error)] = source.check(kind.practices(), tools)
        assert what.startswith("key 'default' works")
        assert error is None
        platform.refuse = [(401, {}, b"{}")]
        [(what, error)] = source.check(kind.practices(), tools)
        assert what == "key 'default'"
        assert isinstance(error, BadKey)
        assert source.check(type(kind.practices())(), tools) == []


@every
def test_a_bad_record_is_set_aside_and_mostly_bad_ones_stop(kind: type[Platform], data: DataDir) -> None:
    broken = kind.item(7, **kind.broken)
    platform = kind([kind.item(1), broken, kind.item(2)])
    receipt = pull(data, platform)
    assert {review.item_id for review in reviews_of(data, platform, receipt)} == {"r1", "r2"}
    result = read(kind.name, NIGHT, kind.practices(), data, say=lambda line: None)
    assert result.set_aside == 1
    assert "secret" not in data.set_aside(kind.name, NIGHT).read_text()
    [row] = read_table(data.completeness(kind.name, NIGHT), COMPLETENESS)
    assert not row["complete"], "what could not be read must not look removed"
    later = NIGHT + dt.timedelta(days=7)
    many = kind([broken, broken, broken, kind.item(1)])
    kept = pull(data, many, later)
    with pytest.raises(ChangedShape, match=r"3 of 4 .* could not be read"):
        found_in(data, many, kept)
