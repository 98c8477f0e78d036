"""The town's server speaks Google's contract, down to its refusals, and moves from night to night."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.demo.server import BUSY_AT, BUSY_EVERY, UNAVAILABLE_AT, TownServer
from pipelines.demo.town import NIGHTS, build_town, pull_instant

REPOSITORY = Path(__file__).resolve().parents[2]
CONTRACT = REPOSITORY.parent / "shared" / "contracts" / "google_business"
FIRST, SECOND, THIRD = NIGHTS
TOWN = build_town()
AT = {practice.id: f"/v4/{practice.location}/reviews" for practice in TOWN.practices}
needs_contract = pytest.mark.skipif(not CONTRACT.is_dir(), reason="the contract's files are not here")


class Caller:
    """A client with a token, as a source would be."""

    def __init__(self, server: TownServer, key: str = "") -> None:
        self.http = httpx.Client(base_url=server.base_url, timeout=10)
        self.key = TOWN.keys()[key]
        self.renew()

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *why: object) -> None:
        self.http.close()

    def renew(self) -> httpx.Response:
        answer = self.http.post("/token", data={"grant_type": "refresh_token", **self.key})
        self.http.headers["Authorization"] = f"Bearer {answer.json().get('access_token', 'none')}"
        return answer

    def get(self, path: str, **params: str | int) -> httpx.Response:
        return self.http.get(path, params=params)

    def listing(self, path: str, **params: str | int) -> Iterator[dict[str, Any]]:
        """Yield every page of a list."""
        token: dict[str, str] = {}
        while True:
            page = self.get(path, **params, **token).raise_for_status().json()
            yield page
            if "nextPageToken" not in page:
                return
            token = {"pageToken": page["nextPageToken"]}

    def reviews(self, path: str, **params: str | int) -> list[dict[str, Any]]:
        return [review for page in self.listing(path, **params) for review in page.get("reviews", [])]


@pytest.fixture(scope="module")
def patient() -> Iterator[TownServer]:
    with TownServer(TOWN, patient=True) as server:
        yield server


@pytest.fixture
def server(patient: TownServer) -> TownServer:
    patient.set_night(THIRD)
    patient.log.clear()
    return patient


@pytest.fixture
def caller(server: TownServer) -> Iterator[Caller]:
    with Caller(server) as caller:
        yield caller


@pytest.fixture(scope="module")
def lister(patient: TownServer) -> Iterator[Caller]:
    with Caller(patient) as caller:
        yield caller


def assert_refused(answer: httpx.Response, code: int, status: str, reason: str = "") -> None:
    assert answer.status_code == code
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (code, status)
    assert [detail["reason"] for detail in error.get("details", [])] == ([reason] if reason else [])


@settings(max_examples=60)
@given(
    size=st.integers(1, 50),
    order=st.sampled_from(["updateTime desc", "rating", "rating desc", None]),
    practice_id=st.sampled_from(sorted(set(AT) - {"lakeside-medical"})),
)
def test_any_page_size_lists_each_review_once(
    lister: Caller, patient: TownServer, size: int, order: str | None, practice_id: str
) -> None:
    if lister.get(AT[practice_id], pageSize=1).status_code == 401:
        lister.renew()
    pages = list(lister.listing(AT[practice_id], pageSize=size, **({"orderBy": order} if order else {})))
    listed = [review["reviewId"] for page in pages for review in page.get("reviews", [])]
    instant = pull_instant(patient.night)
    expected = {r.review_id for r in TOWN.reviews_at(TOWN.practice(practice_id).location, instant)}
    assert len(listed) == len(expected)
    assert set(listed) == expected
    assert all(len(page.get("reviews", [])) == size for page in pages[:-1])
    if expected:
        assert {page["totalReviewCount"] for page in pages} == {len(expected)}
        assert len({page["averageRating"] for page in pages}) == 1
        assert pages[-1]["reviews"]
    else:
        assert pages == [{}]


def test_orders(caller: Caller) -> None:
    words = ["STAR_RATING_UNSPECIFIED", "ONE", "TWO", "THREE", "FOUR", "FIVE"]
    newest = [review["updateTime"][:19] for review in caller.reviews(AT["riverside-dental"])]
    assert newest == sorted(newest, reverse=True)
    worst = [words.index(r["starRating"]) for r in caller.reviews(AT["riverside-dental"], orderBy="rating")]
    assert worst == sorted(worst)
    best = [words.index(r["starRating"]) for r in caller.reviews(AT["riverside-dental"], orderBy="rating desc")]
    assert best == sorted(worst, reverse=True)


def test_the_average_is_that_of_all_reviews(caller: Caller) -> None:
    page = caller.get(AT["cedar-hollow"], pageSize=1).json()
    there = TOWN.reviews_at(TOWN.practice("cedar-hollow").location, pull_instant(THIRD))
    mean = sum(review.stars or 0 for review in there) / len(there)
    assert page["averageRating"] == pytest.approx(mean, abs=0.05)
    assert len(page["reviews"]) == 1


def test_what_is_not_there_has_no_field(caller: Caller) -> None:
    reviews = [review for path in AT.values() if "799" not in path for review in caller.reviews(path)]
    optional = ("comment", "reviewReply", "reviewReplyUrl", "reviewMediaItems")
    for field in optional:
        assert {field in review for review in reviews} == {True, False}
    assert {json.dumps(r["reviewer"]) for r in reviews if "isAnonymous" in r["reviewer"]} == {'{"isAnonymous": true}'}
    times = [review[field] for review in reviews for field in ("createTime", "updateTime")]
    times += [review["reviewReply"]["updateTime"] for review in reviews if "reviewReply" in review]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d{9}))?Z", time) for time in times)
    states = {review["reviewReply"].get("reviewReplyState") for review in reviews if "reviewReply" in review}
    assert states == {"APPROVED", "PENDING", "REJECTED", None}


@pytest.mark.parametrize("size", ["0", "51", "-1", "ten", "", "1.0", "\u0665"])
def test_page_sizes_that_are_refused(caller: Caller, size: str) -> None:
    assert_refused(caller.get(AT["riverside-dental"], pageSize=size), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("params", [{"orderBy": "createTime"}, {"pageToken": "rubbish"}, {"readMask": "name"}])
def test_parameters_that_are_refused(caller: Caller, params: dict[str, str]) -> None:
    assert_refused(caller.get(AT["riverside-dental"], **params), 400, "INVALID_ARGUMENT")


def test_a_page_token_is_good_for_its_own_listing_only(caller: Caller, server: TownServer) -> None:
    token = caller.get(AT["riverside-dental"], pageSize=10).json()["nextPageToken"]
    assert caller.get(AT["riverside-dental"], pageSize=10, pageToken=token).status_code == 200
    assert_refused(caller.get(AT["cedar-hollow"], pageToken=token), 400, "INVALID_ARGUMENT")
    assert_refused(caller.get(AT["riverside-dental"], pageToken=token, orderBy="rating"), 400, "INVALID_ARGUMENT")
    server.set_night(SECOND)
    caller.renew()
    assert_refused(caller.get(AT["riverside-dental"], pageToken=token), 400, "INVALID_ARGUMENT")


def test_a_single_review_until_it_is_deleted(caller: Caller, server: TownServer) -> None:
    event = TOWN.event("deleted_praise")
    path = f"{AT[event.practice_id]}/{event.review_id}"
    assert_refused(caller.get(path), 404, "NOT_FOUND")
    server.set_night(FIRST)
    caller.renew()
    told = caller.get(path).raise_for_status().json()
    assert told["reviewId"] == event.review_id
    assert told in caller.reviews(AT[event.practice_id])


def batch(caller: Caller, body: object, account: str = "accounts/100200300400500600700") -> httpx.Response:
    return caller.http.post(f"/v4/{account}/locations:batchGetReviews", json=body)


def test_batches_hold_every_review_of_their_locations_once(caller: Caller) -> None:
    names = [TOWN.practice(name).location for name in ("gesher-dental", "arroyo-dental", "new-leaf-pediatrics")]
    got: list[dict[str, Any]] = []
    token = ""
    while True:
        page = batch(caller, {"locationNames": names, "pageSize": 20, "pageToken": token}).raise_for_status().json()
        got += page["locationReviews"]
        assert not {"averageRating", "totalReviewCount"} & set(page)
        token = page.get("nextPageToken", "")
        if not token:
            break
    alone = [(name, review) for name in names for review in caller.reviews(f"/v4/{name}/reviews")]
    assert sorted((item["name"], item["review"]["name"]) for item in got) == sorted((n, r["name"]) for n, r in alone)
    times = [item["review"]["updateTime"][:19] for item in got]
    assert times == sorted(times, reverse=True)
    worded = batch(caller, {"locationNames": names, "ignoreRatingOnlyReviews": True}).json()["locationReviews"]
    assert all("comment" in item["review"] for item in worded)
    assert batch(caller, {"locationNames": names[2:]}).json() == {}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"locationNames": []},
        {"locationNames": ["accounts/100200300400500600700/locations/1"] * 51},
        {"locationNames": ["accounts/2/locations/1"]},
        {"locationNames": [7]},
        {"locationNames": [TOWN.practices[0].location], "pageSize": 51},
        {"locationNames": [TOWN.practices[0].location], "orderBy": "createTime desc"},
    ],
)
def test_batches_that_are_refused(caller: Caller, body: object) -> None:
    assert_refused(batch(caller, body), 400, "INVALID_ARGUMENT")


def numbers_path(practice_id: str) -> str:
    return f"/v1/locations/{TOWN.practice(practice_id).location.rpartition('/')[2]}:fetchMultiDailyMetricsTimeSeries"


_PARTS = ("year", "month", "day")


def numbers_params(first: dt.date, last: dt.date, *names: str) -> dict[str, str | list[str]]:
    ends = {"startDate": first, "endDate": last}
    days = {f"dailyRange.{end}.{part}": str(getattr(day, part)) for end, day in ends.items() for part in _PARTS}
    return {"dailyMetrics": list(names), **days}


def test_a_day_of_nothing_or_of_late_has_no_value(caller: Caller) -> None:
    asked = numbers_params(THIRD - dt.timedelta(days=90), THIRD - dt.timedelta(days=1), "CALL_CLICKS", "WEBSITE_CLICKS")
    told = caller.http.get(numbers_path("riverside-dental"), params=asked).json()
    calls, clicks = told["multiDailyMetricTimeSeries"][0]["dailyMetricTimeSeries"]
    assert (calls["dailyMetric"], clicks["dailyMetric"]) == ("CALL_CLICKS", "WEBSITE_CLICKS")
    days = calls["timeSeries"]["datedValues"]
    assert len(days) == 90
    assert not any("value" in day for day in days[-3:])
    values = {day.get("value") for day in days[:-3]}
    assert None in values
    assert values - {None} <= {str(number) for number in range(1, 13)}


@pytest.mark.parametrize(
    "params",
    [
        numbers_params(FIRST, THIRD),
        numbers_params(FIRST, THIRD, "CALL_CLICKS", "TELEPATHY"),
        {"dailyMetrics": ["CALL_CLICKS"]},
        {**numbers_params(FIRST, THIRD, "CALL_CLICKS"), "dailyRange.endDate.day": "32"},
    ],
    ids=["nothing", "unknown", "no end", "no day"],
)
def test_numbers_that_are_refused(caller: Caller, params: dict[str, str | list[str]]) -> None:
    assert_refused(caller.http.get(numbers_path("riverside-dental"), params=params), 400, "INVALID_ARGUMENT")


def test_lakesides_project_has_not_enabled_the_numbers(server: TownServer) -> None:
    server.set_night(FIRST)
    with Caller(server, "lakeside") as caller:
        asked = numbers_params(FIRST, THIRD, "CALL_CLICKS")
        refused = caller.http.get(numbers_path("lakeside-medical"), params=asked)
        assert_refused(refused, 403, "PERMISSION_DENIED", "SERVICE_DISABLED")


def test_tokens(caller: Caller, server: TownServer) -> None:
    answer = caller.renew()
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 3600
    assert answer.json()["token_type"] == "Bearer"
    form = {"grant_type": "refresh_token", **caller.key}
    for wrong, status, error in (
        ({"client_secret": "other"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"refresh_token": "other"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
    ):
        refused = caller.http.post("/token", data=form | wrong)
        assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert [seen.status for seen in server.log if seen.path == "/token"][-5:] == [200, 401, 401, 400, 400]


def test_lakeside_loses_its_key_on_the_third_night(server: TownServer) -> None:
    server.set_night(SECOND)
    with Caller(server, "lakeside") as lakeside:
        assert len(lakeside.reviews(AT["lakeside-medical"])) > 100
        assert_refused(lakeside.get(AT["riverside-dental"]), 403, "PERMISSION_DENIED")
        server.set_night(THIRD)
        assert_refused(lakeside.get(AT["lakeside-medical"]), 401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED")
        refused = lakeside.renew()
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
        server.set_night(FIRST)
        assert lakeside.renew().status_code == 200


def test_lakesides_owner_may_consent_again() -> None:
    with TownServer(TOWN) as server, Caller(server, "lakeside") as lakeside:
        server.set_night(THIRD)
        assert lakeside.renew().status_code == 400
        server.consent_again()
        assert lakeside.renew().status_code == 200


def test_who_may_not_read(caller: Caller, server: TownServer) -> None:
    assert_refused(caller.get(AT["lakeside-medical"]), 403, "PERMISSION_DENIED")
    for path in ("/v4/accounts/1/locations/2/reviews", "/v4/accounts/1", "/", "/v4/accounts/../token/reviews"):
        assert_refused(caller.get(path), 404, "NOT_FOUND")
    caller.http.headers["Authorization"] = "Bearer wrong"
    assert_refused(caller.get(AT["riverside-dental"]), 401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED")
    del caller.http.headers["Authorization"]
    assert_refused(caller.get(AT["riverside-dental"]), 401, "UNAUTHENTICATED", "CREDENTIALS_MISSING")
    assert server.log[-1].status == 401
    assert server.log[-1].path == AT["riverside-dental"]


def test_the_night_moves_by_request(caller: Caller, server: TownServer) -> None:
    totals = []
    for night in NIGHTS:
        assert caller.http.post("/demo/night", json={"night": night.isoformat()}).json() == {"night": str(night)}
        caller.renew()
        totals.append(caller.get(AT["riverside-dental"], pageSize=1).json()["totalReviewCount"])
    held = [len(TOWN.reviews_at(TOWN.practice("riverside-dental").location, pull_instant(night))) for night in NIGHTS]
    assert totals == held
    assert len(set(totals)) > 1
    wrong: object
    for wrong in ({"night": "tomorrow"}, {"night": 7}, {}, []):
        assert_refused(caller.http.post("/demo/night", json=wrong), 400, "INVALID_ARGUMENT")
    assert_refused(caller.http.post("/demo/night", content=b"\xff"), 400, "INVALID_ARGUMENT")
    assert server.night == THIRD


def test_a_body_too_large_is_not_read(caller: Caller) -> None:
    assert caller.http.post("/demo/night", content=b"x" * 100_001).status_code == 413


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address only")
def test_it_listens_at_one_loopback_address_only(server: TownServer) -> None:
    # Had it every address of this machine, the port would be taken at the next one as well.
    socket.create_server(("127.0.0.2", int(server.base_url.rpartition(":")[2]))).close()


def test_the_last_night_is_served_unless_told_otherwise() -> None:
    with TownServer(TOWN) as server:
        assert server.night == THIRD


def test_busy_now_and_then_and_away_once() -> None:
    with TownServer(TOWN) as server, Caller(server) as caller:
        answers = [caller.get(AT["arroyo-dental"], pageSize=1) for _ in range(3 * BUSY_EVERY)]
    busy = [number for number, answer in enumerate(answers, 1) if answer.status_code == 429]
    assert busy == [BUSY_AT, BUSY_EVERY + BUSY_AT, 2 * BUSY_EVERY + BUSY_AT]
    assert [answers[number - 1].headers.get("Retry-After") for number in busy] == ["1", None, "1"]
    assert_refused(answers[busy[0] - 1], 429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")
    assert [number for number, answer in enumerate(answers, 1) if answer.status_code == 503] == [UNAVAILABLE_AT]
    assert {answer.status_code for answer in answers} == {200, 429, 503}
    assert [seen.status for seen in server.log if seen.path != "/token"] == [answer.status_code for answer in answers]


def schema_of(component: str) -> dict[str, Any]:
    """Return a component of the contract that allows no other fields than those it names."""
    contract = json.loads((CONTRACT / "mybusiness_v4_reviews.openapi.json").read_text())

    def closed(schema: Any) -> Any:
        if isinstance(schema, list):
            return [closed(part) for part in schema]
        if not isinstance(schema, dict):
            return schema
        inner = {name: closed(part) for name, part in schema.items()}
        return inner | ({"additionalProperties": False} if "properties" in schema else {})

    return {"$ref": f"#/components/schemas/{component}", "components": closed(contract["components"])}


@needs_contract
def test_answers_fit_the_contract(caller: Caller, server: TownServer) -> None:
    validator = jsonschema.Draft202012Validator
    lists, reviews = validator(schema_of("ListReviewsResponse")), validator(schema_of("Review"))
    batches, errors = validator(schema_of("BatchGetReviewsResponse")), validator(schema_of("ErrorEnvelope"))
    checked = 0
    for night in NIGHTS:
        server.set_night(night)
        caller.renew()
        for practice in TOWN.practices:
            if practice.key:
                continue
            for page in caller.listing(f"/v4/{practice.location}/reviews"):
                lists.validate(page)
                checked += len(page.get("reviews", []))
        batches.validate(batch(caller, {"locationNames": [TOWN.practice("gesher-dental").location]}).json())
        event = TOWN.event("reply_edited")
        reviews.validate(caller.get(f"{AT[event.practice_id]}/{event.review_id}").json())
    assert checked > 1_500
    for refused in (caller.get("/v4/nowhere"), caller.get(AT["lakeside-medical"])):
        errors.validate(refused.json())


def shape(told: Any, key: str = "") -> Any:
    """Reduce an answer to what a program may rely on: fields, codes and machine-readable words, not sentences."""
    if isinstance(told, dict):
        return {name: shape(part, name) for name, part in told.items()}
    if isinstance(told, list):
        return [shape(part) for part in told]
    return told if key in ("code", "status", "reason", "@type", "domain", "error") else type(told).__name__


@needs_contract
def test_refusals_have_the_contracts_shape(server: TownServer) -> None:
    samples = json.loads((CONTRACT / "samples-handmade" / "errors.json").read_text())
    with Caller(server) as caller:
        told = {
            "404": caller.get("/v4/accounts/1/locations/2/reviews").json(),
            "403_permission": caller.get(AT["lakeside-medical"]).json(),
            "oauth_invalid_grant_400": caller.http.post(
                "/token", data={"grant_type": "refresh_token", **TOWN.keys()["lakeside"]}
            ).json(),
        }
        caller.http.headers["Authorization"] = "Bearer wrong"
        told["401"] = caller.get(AT["riverside-dental"]).json()
    with TownServer(TOWN) as busy_server, Caller(busy_server) as caller:
        told["429"] = [caller.get(AT["arroyo-dental"]) for _ in range(BUSY_AT)][-1].json()
    for name, body in told.items():
        assert shape(body) == shape(samples[name]), name


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_by_itself_until_told_to_stop(wanted: signal.Signals) -> None:
    command = [sys.executable, "-m", "pipelines.demo.server", "--port", "0", "--night", "2026-10-31"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env={**os.environ}) as running:
        assert running.stdout is not None
        said = running.stdout.readline()
        base_url = said.split(" at ")[1].split()[0]
        assert said.endswith("the night 2026-10-31\n")
        moved = httpx.post(f"{base_url}/demo/night", json={"night": "2026-11-01"}, timeout=10)
        assert moved.json() == {"night": dt.date(2026, 11, 1).isoformat()}
        running.send_signal(wanted)
        assert running.wait(10) == 0
