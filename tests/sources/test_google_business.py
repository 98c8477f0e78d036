"""Google Business Profile: paging, watermark, sweeps, errors and reading, against servers on loopback."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.demo.run import town_services
from pipelines.demo.server import TownServer
from pipelines.demo.town import NIGHTS, build_town
from pipelines.errors import BadKey, ChangedShape, RapportError, SeveralFailed, UnknownName
from pipelines.fetch import fetch
from pipelines.landing import DataDir, SavedPage
from pipelines.practices import load_practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.settings import load_settings
from pipelines.sources import google_business as google
from tests.conftest import SHARED, Answer, serving
from tests.sources.discovery import Discovery
from tests.sources.stand_in import NIGHT, START, configured, page_of, pull, pulled, records_in
from tests.sources.stand_in_google_business import StandIn, numbers_body

PRACTICES = StandIn.practices()


def review(number: int, updated: dt.datetime | None = None, **more: Any) -> dict[str, Any]:
    return StandIn.item(number, updated or START + dt.timedelta(minutes=number), **more)


def test_an_empty_answer_means_no_reviews(data: DataDir) -> None:
    receipt = pulled(data, StandIn(0))
    page, _ = data.saved_pages(receipt)
    assert page.body == b"{}"
    assert receipt.complete
    [total] = list(google.read(page, PRACTICES))
    assert isinstance(total, Record)
    assert (total.kind, total.total_count) == ("total", 0)


def test_a_quiet_night_reads_back_to_the_watermark_less_two_days(data: DataDir) -> None:
    server = StandIn.holding([review(n, START + dt.timedelta(hours=n)) for n in range(600)], 10)
    pull(data, server)
    assert server.pages() == 60
    server.asked.clear()
    # The newest of 600 hours is the watermark; 48 hours before it lie five pages of ten.
    second = pulled(data, server, NIGHT + dt.timedelta(days=2))
    assert server.pages() == 5
    assert not second.complete


def test_a_list_that_was_left_half_read_is_not_complete_where_google_gives_no_total(data: DataDir) -> None:
    server = StandIn.holding([review(n, START + dt.timedelta(days=n)) for n in range(30)], 10)
    server.says_total = False
    pull(data, server)
    second = pulled(data, server, NIGHT + dt.timedelta(days=2))
    assert (second.complete, second.expected) == (False, None)


def test_an_edit_comes_to_the_top_and_is_read_again(data: DataDir) -> None:
    server = StandIn.holding([review(n) for n in range(200)])
    pull(data, server)
    server.items[3] = review(3, dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), starRating="ONE")
    later = NIGHT + dt.timedelta(days=3)
    pull(data, server, later)
    first = records_in(data, server, "review", later)[0]
    assert first.item_id == "3"
    assert first.rating == 1


@pytest.mark.parametrize(
    ("days_later", "is_sweep"), [(1, True), (2, False), (6, False), (7, True)], ids=["first of a month", "", "", "week"]
)
def test_everything_is_read_weekly_and_on_the_first(days_later: int, is_sweep: bool, data: DataDir) -> None:
    server = StandIn.holding(
        [review(n, dt.datetime(2026, 9, 1, tzinfo=dt.UTC) + dt.timedelta(days=n)) for n in range(90)], 10
    )
    pull(data, server)
    assert pulled(data, server, NIGHT + dt.timedelta(days=days_later)).complete is is_sweep


def test_a_listing_shorter_than_its_own_total_is_not_complete(data: DataDir) -> None:
    server = StandIn.holding([review(n) for n in range(20)])
    server.missing = 1
    assert not pulled(data, server).complete


def test_an_expired_access_token_is_renewed_once(data: DataDir) -> None:
    server = StandIn.holding([review(1)])
    server.refuse = [(401, {}, b'{"error": {"status": "UNAUTHENTICATED"}}')]
    assert pulled(data, server).complete
    assert server.tokens == 2


def error_body(status: str, reason: str = "") -> bytes:
    details = [{"reason": reason}] if reason else []
    return json.dumps(
        {"error": {"code": 0, "message": "words of Google", "status": status, "details": details}}
    ).encode()


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        ([(401, {}, error_body("UNAUTHENTICATED"))] * 2, BadKey, "UNAUTHENTICATED"),
        ([(403, {}, error_body("PERMISSION_DENIED"))], BadKey, "manager"),
        ([(403, {}, error_body("PERMISSION_DENIED", "SERVICE_DISABLED"))], BadKey, "Enable the Business Profile API"),
        ([(404, {}, error_body("NOT_FOUND"))], UnknownName, "practices.toml"),
        ([(429, {"Retry-After": "30"}, error_body("RESOURCE_EXHAUSTED"))], SeveralFailed, "429"),
        ([(500, {}, b"<html>")], SeveralFailed, "500"),
        ([(400, {}, error_body("INVALID_ARGUMENT"))], ChangedShape, "INVALID_ARGUMENT"),
        ([(200, {}, b'{"reviews": [')], ChangedShape, "not what the contract says"),
        ([(200, {}, b'{"error": {"message": "odd"}}')], ChangedShape, "no reviews but error"),
        ([(200, {}, b'{"reviews": "none"}')], ChangedShape, "array"),
    ],
)
def test_each_refusal_has_its_error_and_next_step(
    answers: list[Answer], error: type[RapportError], words: str, data: DataDir
) -> None:
    server = StandIn.holding([review(1)])
    server.refuse = list(answers)
    with pytest.raises(SeveralFailed) as raised:
        pull(data, server)
    assert words in str(raised.value)
    assert "riverside" in str(raised.value)
    assert "words of Google" not in str(raised.value)
    assert "hush" not in str(raised.value)
    recoverable = error is SeveralFailed
    assert raised.value.can_recover is recoverable
    if not recoverable:
        assert isinstance(raised.value.failures[0], error)
    [receipt] = data.receipts("google_business", NIGHT)
    assert receipt.status == "failed"


def test_a_dead_refresh_token_stops_at_once_and_names_the_key(data: DataDir) -> None:
    server = StandIn.holding([review(1)])
    server.refuse_token = (400, {}, b'{"error": "invalid_grant", "error_description": "Token has been expired."}')
    with pytest.raises(SeveralFailed, match="key 'default': Google does not renew the key") as raised:
        pull(data, server)
    assert "invalid_grant" in str(raised.value)
    assert not raised.value.can_recover
    assert server.tokens == 1


def test_the_received_pages_of_a_failed_visit_are_kept_as_evidence(data: DataDir) -> None:
    server = StandIn.holding([review(1)])
    server.refuse = [(200, {}, b'{"error": {}}')]
    with pytest.raises(SeveralFailed, match=r"Evidence: pages/google_business/2026-10-31/riverside\.failed"):
        pull(data, server)
    [receipt] = data.receipts("google_business", NIGHT)
    assert [page.body for page in data.saved_pages(receipt)] == [b'{"error": {}}']


def test_after_mending_the_same_night_is_pulled_and_the_evidence_goes(data: DataDir) -> None:
    server = StandIn.holding([review(1)])
    server.refuse = [(404, {}, b"{}")]
    with pytest.raises(SeveralFailed):
        pull(data, server)
    pull(data, server)
    assert [receipt.status for receipt in data.receipts("google_business", NIGHT)] == ["ok"]
    server.asked.clear()
    pull(data, server)
    assert server.pages() == 0, "a night that is there is not asked for again"


def read_page(*reviews: dict[str, Any]) -> list[Record | SetAside]:
    return list(google.read(page_of(StandIn, {"reviews": list(reviews), "totalReviewCount": len(reviews)}), PRACTICES))


def test_reads_every_field_of_the_contract() -> None:
    reply = {"comment": "Thanks", "updateTime": "2026-10-02T10:00:00.5Z", "reviewReplyState": "PENDING"}
    url = "https://business.google.com/reviews/reply?x"
    found = read_page(review(1, starRating="TWO", comment="Waited", reviewReply=reply, reviewReplyUrl=url, unheardOf=1))
    first, answer, total = (item for item in found if isinstance(item, Record))
    assert (first.kind, first.text, first.url, first.site) == ("review", "Waited", url, "google")
    assert first.rating == 2
    assert (answer.parent_id, answer.state, answer.text) == ("1", "pending", "Thanks")
    assert answer.updated_at == dt.datetime(2026, 10, 2, 10, 0, 0, 500000, tzinfo=dt.UTC)
    assert (total.kind, total.total_count) == ("total", 1)


@pytest.mark.parametrize(
    ("stars", "rating"),
    [("ONE", 1), ("TWO", 2), ("THREE", 3), ("FOUR", 4), ("FIVE", 5), ("STAR_RATING_UNSPECIFIED", None)],
)
def test_star_words(stars: str, rating: int | None) -> None:
    [first, _] = read_page(review(1, starRating=stars))
    assert isinstance(first, Record)
    assert first.rating == rating


def test_a_rating_without_words_and_an_anonymous_author() -> None:
    [first, _] = read_page(review(1, reviewer={"isAnonymous": True, "displayName": "A Google User"}))
    assert isinstance(first, Record)
    assert (first.text, first.author_id) == (None, None)


def test_an_unknown_reply_state_passes_through() -> None:
    reply = {"comment": "x", "updateTime": "2026-10-02T10:00:00Z", "reviewReplyState": "ON_HOLD"}
    answer = read_page(review(1, reviewReply=reply))[1]
    assert isinstance(answer, Record)
    assert answer.state == "on_hold"


@pytest.mark.parametrize("fraction", ["", ".1", ".123", ".123456", ".123456789"])
def test_times_with_any_number_of_digits(fraction: str) -> None:
    [first, _] = read_page(review(1, createTime=f"2026-10-01T00:00:00{fraction}Z"))
    assert isinstance(first, Record)
    assert first.created_at


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"starRating": "SIX secret words"}, "a value that is not in the contract at $.starRating"),
        ({"createTime": "yesterday, secret words"}, "Invalid RFC3339 encoded datetime at $.createTime"),
        ({"reviewId": 5.5}, "Expected `int | str`, got `float` at $.reviewId"),
    ],
)
def test_one_bad_review_is_set_aside_without_its_words(broken: dict[str, Any], reason: str) -> None:
    found = read_page(review(1), review(2, **broken), review(3))
    [aside] = [item for item in found if isinstance(item, SetAside)]
    assert (aside.where, aside.reason, aside.practice_id) == ("review 2", reason, "riverside")
    assert "secret" not in str(aside)
    assert len([item for item in found if isinstance(item, Record) and item.kind == "review"]) == 2


def test_mostly_bad_reviews_are_a_changed_shape() -> None:
    bad = [{k: v for k, v in review(n).items() if k != "starRating"} for n in range(4)]
    with pytest.raises(ChangedShape, match=r"4 of 5 reviews .* Evidence: p\.json"):
        read_page(*bad, review(9))


def test_a_review_listed_twice_is_read_once(data: DataDir) -> None:
    later = dt.datetime(2026, 10, 20, tzinfo=dt.UTC)
    server = StandIn.holding([review(1), review(2), review(1, later, starRating="ONE")])
    pull(data, server)
    read("google_business", NIGHT, PRACTICES, data, say=lambda line: None)
    rows = {row["item_id"]: row for row in read_table(data.records("google_business", NIGHT), RECORDS)}
    assert sorted(name for name, row in rows.items() if row["kind"] == "review") == ["1", "2"]
    assert rows["1"]["rating"] == 1, "the newer version is the one that counts"


def test_a_listing_with_an_unreadable_review_proves_no_removal(data: DataDir) -> None:
    pull(data, StandIn.holding([review(1), review(2, starRating="MANY")]))
    read("google_business", NIGHT, PRACTICES, data, say=lambda line: None)
    [row] = read_table(data.completeness("google_business", NIGHT), COMPLETENESS)
    assert (row["complete"], row["fetched"], row["set_aside"], row["expected"]) == (False, 1, 1, 2)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_reads_the_contracts_own_sample() -> None:
    path = SHARED / "contracts" / "google_business" / "samples-handmade" / "reviews.list.page1.json"
    found = list(google.read(page_of(StandIn, json.loads(path.read_text())), PRACTICES))
    assert all(isinstance(item, Record) for item in found)
    assert [i.kind for i in found if isinstance(i, Record)].count("review") == len(
        json.loads(path.read_text())["reviews"]
    )


def asked_days(query: dict[str, list[str]]) -> tuple[dt.date, dt.date]:
    first, last = (
        dt.date(*(int(query[f"dailyRange.{end}.{part}"][0]) for part in ("year", "month", "day")))
        for end in ("startDate", "endDate")
    )
    return first, last


def test_the_last_ten_days_of_numbers_are_read_every_night_and_ninety_on_a_sweep(data: DataDir) -> None:
    server = StandIn.holding([review(1)])
    later = NIGHT + dt.timedelta(days=2)
    pull(data, server)
    pull(data, server, later)
    day = dt.timedelta(days=1)
    assert [asked_days(query) for query in server.numbers()] == [
        (NIGHT - 90 * day, NIGHT - day),
        (later - 10 * day, later - day),
    ]
    assert all(query["dailyMetrics"] == list(google.ASKED) for query in server.numbers())


def test_a_day_without_a_value_is_not_a_day_of_nothing(data: DataDir) -> None:
    server = StandIn.holding([review(1)])
    pull(data, server)
    metrics = records_in(data, server, "metric")
    assert [(m.item_id, m.metric, m.day, m.value, m.parent_id) for m in metrics] == [
        ("CALL_CLICKS/2026-10-28", "CALL_CLICKS", dt.date(2026, 10, 28), 7, None),
        ("CALL_CLICKS/2026-10-29", "CALL_CLICKS", dt.date(2026, 10, 29), None, None),
    ]


def numbers_page(body: bytes) -> SavedPage:
    return page_of(StandIn, body, "riverside/0002.performance.json.zst")


@pytest.mark.parametrize(
    "body",
    [
        numbers_body(value="-3"),
        numbers_body(value="many secret words"),
        numbers_body(name="SECRET_CLICKS"),
        numbers_body().replace(b'"day": 28', b'"day": 99'),
    ],
    ids=["negative", "words", "unknown", "no day"],
)
def test_a_number_that_is_none_is_set_aside(body: bytes) -> None:
    [aside] = google.read(numbers_page(body), PRACTICES)
    assert isinstance(aside, SetAside)
    assert (aside.where, aside.practice_id) == ("metric 1", "riverside")
    assert "secret" not in aside.reason.casefold()


def test_an_answer_to_another_question_than_numbers_is_a_changed_shape() -> None:
    with pytest.raises(ChangedShape, match="not what the contract says"):
        list(google.read(numbers_page(b'{"searchKeywordsCounts": []}'), PRACTICES))


@pytest.mark.parametrize(
    ("status", "reason"), [(403, "SERVICE_DISABLED"), (403, ""), (404, "")], ids=["off", "denied", "none"]
)
def test_numbers_that_may_not_be_read_do_not_cost_the_reviews(
    status: int, reason: str, data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = StandIn.holding([review(1)])
    server.refuse_numbers = [(status, {}, error_body("PERMISSION_DENIED", reason))]
    said: list[str] = []
    with serving(server) as base:
        fetch("google_business", NIGHT, PRACTICES, data, configured(StandIn, base, monkeypatch), say=said.append)
    [receipt] = data.receipts("google_business", NIGHT)
    assert (receipt.status, receipt.complete) == ("ok", True)
    assert "no numbers of calls" in receipt.why
    assert f"{status}, PERMISSION_DENIED" in receipt.why
    assert "words of Google" not in receipt.why
    assert any(line.startswith("warning: riverside: no numbers of calls") for line in said)
    assert [r.item_id for r in records_in(data, server, "review")] == ["1"]
    read("google_business", NIGHT, PRACTICES, data, say=said.append)
    [row] = read_table(data.completeness("google_business", NIGHT), COMPLETENESS)
    assert (row["status"], row["complete"], row["why"]) == ("ok", True, receipt.why)


@pytest.mark.parametrize(
    ("answer", "can_recover"), [((400, {}, error_body("INVALID_ARGUMENT")), False), ((503, {}, b""), True)]
)
def test_numbers_that_cannot_be_asked_for_stop_the_visit(answer: Answer, can_recover: bool, data: DataDir) -> None:
    server = StandIn.holding([review(1)])
    server.refuse_numbers = [answer]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, server)
    assert raised.value.can_recover is can_recover


def test_one_practice_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    """Each night of the demo town costs what the head says, whatever becomes of the neighbours."""
    data = DataDir(tmp_path)
    calls: dict[dt.date, dict[str, int]] = {}
    with pytest.MonkeyPatch.context() as patch, town_services(tmp_path, build_town()) as (server, variables):
        for name, value in {**variables, "RAPPORT_PER_MINUTE": '{"google_business": 600000}'}.items():
            patch.setenv(name, value)
        practices = load_practices(load_settings().practices_file)
        for night in NIGHTS:
            server.set_night(night)
            server.log.clear()
            refused = night == NIGHTS[2]
            with pytest.raises(SeveralFailed, match="lakeside") if refused else nullcontext():
                fetch("google_business", night, practices, data, load_settings(), say=lambda line: None)
            asked = [seen.path for seen in server.log if seen.status == 200 and seen.path.startswith("/v")]
            calls[night] = Counter(path.split("/locations/")[-1].split("/")[0].split(":")[0] for path in asked)
            whole = [r for r in data.receipts("google_business", night) if r.status == "ok"]
            assert len(whole) == len(practices.practice) - refused
            assert {r.label for r in whole if r.why} == (set() if refused else {"lakeside-medical"})
    cost = google.SOURCE.cost
    assert cost
    assert max(calls[NIGHTS[0]].values()) == cost.sweep_calls
    assert set(calls[NIGHTS[2]].values()) == {2}, "a page of reviews, and the numbers"


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_numbers_are_asked_for_and_told_as_the_official_document_says(data: DataDir) -> None:
    folder = SHARED / "contracts" / "google_business"
    official = Discovery(folder / "discovery" / "businessprofileperformance.v1.json")
    method = "businessprofileperformance.locations.fetchMultiDailyMetricsTimeSeries"
    server = StandIn.holding([review(1)])
    pull(data, server)
    official.check_request(method, server.numbers()[0])
    told = official.methods[method]["parameters"]["dailyMetrics"]
    old = {name for name, gone in zip(told["enum"], told["enumDeprecated"], strict=True) if gone}
    assert not old & set(google.ASKED)
    assert {metric.name for metric in google.SOURCE.metrics if metric.valid_to} <= old
    answer = "FetchMultiDailyMetricsTimeSeriesResponse"
    official.check_answer(answer, json.loads(numbers_body()))
    sample = (folder / "samples-handmade" / "performance.fetchMultiDailyMetricsTimeSeries.json").read_bytes()
    assert {type(item) for item in google.read(numbers_page(sample), PRACTICES)} == {Record}
    with TownServer(build_town()) as town:
        key = town.town.keys()[""]
        token = httpx.post(town.token_url, data={"grant_type": "refresh_token", **key}).json()["access_token"]
        number = town.town.practices[0].location.rpartition("/")[2]
        url = f"{town.base_url}/v1/locations/{number}:fetchMultiDailyMetricsTimeSeries"
        found = httpx.get(url, params=server.numbers()[0], headers={"Authorization": f"Bearer {token}"})
        assert found.status_code == 200
        official.check_answer(answer, found.json())
        assert {type(item) for item in google.read(numbers_page(found.content), PRACTICES)} == {Record}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_every_field_we_name_is_in_the_contract() -> None:
    contract = json.loads((SHARED / "contracts/google_business/mybusiness_v4_reviews.openapi.json").read_text())
    schemas = contract["components"]["schemas"]
    for ours, theirs in [(google._Review, "Review"), (google._Reply, "ReviewReply"), (google._Reviewer, "Reviewer")]:
        named = set(ours.__struct_encode_fields__)
        assert named <= schemas[theirs]["properties"].keys()
    assert set(google._STARS) == set(schemas["Review"]["properties"]["starRating"]["enum"])
