"""What Facebook and Instagram share: pages without tokens, errors by their code, quotas left to others."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipelines.answers import Advice
from pipelines.errors import BadKey, ChangedShape, RapportError, SiteDown, UnknownName
from pipelines.graph import Edge, Graph, Paging, all_before, following, numbers, used_percent
from pipelines.http import Client
from pipelines.landing import Receipt, SavedPage
from pipelines.records import SetAside
from tests.conftest import Answer, serving
from tests.sources.stand_in_facebook import graph_error

OK: Answer = (200, {}, b'{"id": "1"}')
USED_UP = json.dumps({"1": [{"type": "pages", "call_count": 97, "estimated_time_to_regain_access": 19}]})


@contextmanager
def graph(*answers: Answer, app_secret: str = "") -> Iterator[tuple[Graph, list[str]]]:
    """Give a Graph that is answered in turn, and what it asked for."""
    waiting, asked = list(answers), list[str]()

    def handle(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        asked.append(path)
        return waiting.pop(0)

    with serving(handle) as base, Client("facebook", per_minute=6e6, attempts=1) as client:
        yield (
            Graph(
                client,
                base,
                Advice(title="Facebook", renew="Renew it", allow="Allow it", correct="Correct it"),
                source="facebook",
                where="facebook: riverside",
                token="secret-token",
                app_secret=app_secret,
            ),
            asked,
        )


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (graph_error(190, 463), BadKey, "code 190, subcode 463.*it has ended.*Renew it"),
        (graph_error(190, 460), BadKey, "the password was changed"),
        (graph_error(190, 458, status=403), BadKey, "the app was removed"),
        (graph_error(190, 467, status=200), BadKey, "it is invalid"),
        (graph_error(190, status=500), BadKey, r"refuses the key \(code 190\)\."),
        (graph_error(190, status=403), BadKey, r"refuses the key \(code 190\)\."),
        (graph_error(10, status=403), BadKey, "may not read this .code 10.*Allow it"),
        (graph_error(200), BadKey, "may not read this .code 200"),
        (graph_error(299), BadKey, "may not read this .code 299"),
        (graph_error(368), BadKey, "may not read this .code 368"),
        (graph_error(100, 33), UnknownName, "nothing of that name.*Correct it"),
        (graph_error(100, message="Invalid appsecret_proof provided"), BadKey, "app_secret is not that of the token"),
        (graph_error(100), ChangedShape, "answered 400, code 100"),
        (graph_error(2500, status=404), ChangedShape, "answered 404, code 2500"),
        ((404, {}, b"<html>secret words"), UnknownName, "nothing of that name .404"),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else None,
)
def test_an_error_is_what_its_code_says_whatever_the_status(
    answer: Answer, error: type[RapportError], said: str
) -> None:
    with graph(answer) as (asking, _), pytest.raises(error, match=said) as raised:
        asking.get("/1", {})
    assert "secret words" not in str(raised.value)
    assert "secret-token" not in str(raised.value)


@pytest.mark.parametrize("code", [1, 2, 4, 17, 32, 341, 613, 80001, 80002])
@pytest.mark.parametrize("status", [200, 400, 403])
def test_a_busy_graph_can_recover(code: int, status: int) -> None:
    with graph(graph_error(code, status=status)) as (asking, _), pytest.raises(SiteDown):
        asking.get("/1", {})


def test_what_graph_calls_transient_can_recover() -> None:
    body = json.dumps({"error": {"code": 9999, "is_transient": True}}).encode()
    with graph((400, {}, body)) as (asking, _), pytest.raises(SiteDown):
        asking.get("/1", {})


def test_graph_says_in_minutes_when_to_come_again() -> None:
    status, _, body = graph_error(80001)
    with (
        graph((status, {"X-Business-Use-Case-Usage": USED_UP}, body)) as (asking, _),
        pytest.raises(SiteDown) as raised,
    ):
        asking.get("/1", {})
    assert raised.value.retry_after_seconds == 19 * 60


@pytest.mark.parametrize(
    ("headers", "percent"),
    [
        ({}, 0),
        ({"x-app-usage": '{"call_count":28,"total_cputime":25,"total_time":25}'}, 28),
        ({"x-app-usage": '{"call_count":1,"total_cputime":2,"total_time":91}'}, 91),
        ({"x-app-usage": '{"call_count":28}', "x-business-use-case-usage": USED_UP}, 97),
        ({"x-app-usage": "no JSON"}, 0),
    ],
)
def test_the_fullest_quota_counts(headers: dict[str, str], percent: float) -> None:
    assert used_percent(headers) == percent


def test_the_last_tenth_of_a_quota_is_left_to_others() -> None:
    full = {"X-Business-Use-Case-Usage": USED_UP}
    with graph((200, full, b"{}")) as (asking, asked):
        asking.get("/1", {})
        with pytest.raises(SiteDown, match="97% of the hour's quota") as raised:
            asking.get("/1", {})
    assert raised.value.retry_after_seconds == 19 * 60
    assert len(asked) == 1


def test_without_a_word_of_when_an_hour_is_waited() -> None:
    with graph((200, {"X-App-Usage": '{"call_count":90}'}, b"{}")) as (asking, _):
        asking.get("/1", {})
        with pytest.raises(SiteDown) as raised:
            asking.get("/1", {})
    assert raised.value.retry_after_seconds == 3600


def test_a_refused_parameter_is_an_answer_where_that_is_expected_and_a_dead_key_never_is() -> None:
    with graph(graph_error(100), graph_error(190)) as (asking, _):
        assert b'"code": 100' in asking.get("/1/insights", {}, may_refuse=True)
        with pytest.raises(BadKey):
            asking.get("/1/insights", {}, may_refuse=True)


def page(next_url: str, *ids: str) -> Answer:
    held = {"data": [{"id": one} for one in ids], "paging": {"next": next_url}}
    return 200, {}, json.dumps(held).encode()


def test_the_next_page_is_asked_for_at_our_own_address_without_the_token() -> None:
    elsewhere = "https://elsewhere.example/v1/2?access_token=secret-token&after=QQ&limit=5&appsecret_proof=abc"
    with graph(page(elsewhere, "1"), page("", "2")) as (asking, asked):
        assert len(list(asking.pages("/1/posts", {"limit": "5"}))) == 2
    assert asked == ["/1/posts?limit=5", "/1/posts?after=QQ&limit=5"]


def test_an_empty_page_is_not_the_end_where_there_is_a_next_one() -> None:
    with graph(page("https://g.example/?after=2", "1"), page("https://g.example/?after=3"), page("", "2")) as (
        a,
        asked,
    ):
        list(a.pages("/1/posts", {}))
    assert len(asked) == 3


@pytest.mark.parametrize(
    "answers",
    [
        [page("https://g.example/?after=1", "1"), page("https://g.example/?after=1", "2")],
        [page("https://g.example/?after=1", "1"), page("https://g.example/?after=2", "1")],
    ],
    ids=["cursor", "items"],
)
def test_a_list_that_leads_back_is_stopped(answers: list[Answer]) -> None:
    with graph(*answers) as (asking, _), pytest.raises(ChangedShape, match="would never end"):
        list(asking.pages("/1/posts", {}))


def test_no_address_of_another_page_is_kept_however_deep_it_stands() -> None:
    deep = {"paging": {"cursors": {"after": "Q"}, "next": "https://g/?access_token=T", "previous": "https://g/?T"}}
    body = json.dumps({"data": [{"id": "1", "next": "stays", "comments": {"data": [deep]} | deep}], **deep}).encode()
    with graph() as (asking, _):
        kept = json.loads(asking.kept(body))
        of = json.loads(asking.kept(body, "comments", id="9"))
    bare = {"paging": {"cursors": {"after": "Q"}}}
    assert kept == {"data": [{"id": "1", "next": "stays", "comments": {"data": [bare]} | bare}], **bare}
    assert of == {"id": "9", "comments": kept}


def test_the_proof_of_the_apps_secret_goes_with_each_request() -> None:
    with graph(OK, app_secret="secret") as (asking, asked):
        asking.get("/1", {})
    # HMAC-SHA256 of "secret-token" with the key "secret", by openssl dgst.
    assert asked == ["/1?appsecret_proof=704666a4ec178f492a8c440a8b0759ae4d82b9efedef2c61edb729a805638a31"]


def test_the_end_of_a_list() -> None:
    assert following(None) is None
    assert following(Edge(data=[])) is None
    assert following(Edge(data=[], paging=Paging())) is None


def found(held: Any, *known: str) -> list[Any]:
    receipt = Receipt(source="instagram", night=dt.date(2026, 10, 31), label="riverside")
    saved = SavedPage(path="p", body=json.dumps(held).encode(), receipt=receipt)
    return [
        item.reason if isinstance(item, SetAside) else tuple(item)
        for item in numbers(saved.body, saved, known=known, practice_id="riverside")
    ]


def test_the_day_of_a_number_is_the_one_that_ends_in_california() -> None:
    values = [
        {"value": 3, "end_time": "2026-10-30T07:00:00+0000"},
        {"value": 4, "end_time": "2026-11-20T08:00:00+0000"},
        {"value": None, "end_time": "2026-11-21T08:00:00+0000"},
    ]
    held = {"data": [{"name": "reach", "id": "1/insights/reach/day", "values": values}]}
    assert found(held, "reach") == [
        ("1", "reach", dt.date(2026, 10, 29), 3),
        ("1", "reach", dt.date(2026, 11, 19), 4),
        ("1", "reach", dt.date(2026, 11, 20), None),
    ]


def test_a_total_is_of_the_day_that_was_asked_for_and_what_was_not_answered_is_unknown() -> None:
    insight = {"name": "views", "id": "1/insights/views/day", "total_value": {"value": 7}, "values": [{"value": 7}]}
    held = {"id": "1", "day": "2026-10-29", "metrics": ["views", "reach"], "insights": {"data": [insight]}}
    day = dt.date(2026, 10, 29)
    assert found(held, "views", "reach") == [("1", "views", day, 7), ("1", "reach", day, None)]


def test_a_refused_metric_is_unknown_and_an_unknown_name_is_set_aside() -> None:
    assert found({"id": "1", "metrics": ["views"], "insights": {"error": {"code": 100}}}, "views") == [
        ("1", "views", None, None)
    ]
    held = {"data": [{"name": "new_one", "id": "1/insights/new_one/day", "values": [{"value": 1}]}]}
    assert found(held, "views") == ["an unknown metric"]


def test_a_page_is_beyond_a_day_if_all_it_has_is_older_and_never_if_it_has_nothing() -> None:
    day = dt.date(2026, 10, 1)
    old, young = dt.datetime(2026, 9, 30, 23, 59, tzinfo=dt.UTC), dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    assert all_before([old, old], day)
    assert not all_before([old, young], day)
    assert not all_before([], day), "what cannot be read has no date"
