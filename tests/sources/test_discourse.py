"""Discourse: the walk by ids, long topics, shared forums, deletions, and the official document."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines.build import build
from pipelines.demo.conversation import Asked
from pipelines.demo.conversation import discourse as town_forum
from pipelines.demo.town import NIGHTS, pull_instant
from pipelines.errors import BadKey, ChangedShape, SeveralFailed
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, Record, SetAside, read_table
from pipelines.score import score
from pipelines.sources import discourse
from pipelines.warehouse import open_warehouse, rows
from tests.conftest import SHARED
from tests.sources.stand_in import NIGHT, Request, found_in, pull, receipts, records_in
from tests.sources.stand_in_discourse import FORUM, StandIn

NEXT = NIGHT.replace(month=11, day=2)
CONTRACT = SHARED / "contracts" / "discourse"
EMPTY: Any = {"posts": [], "grouped_search_result": {}}
YOUNG = "2026-10-30T10:00:00.000Z"


def ids(data: DataDir, platform: StandIn, kind: str, night: dt.date = NIGHT) -> list[str]:
    return sorted(record.item_id for record in records_in(data, platform, kind, night))


def asked_for(platform: StandIn, part: str) -> list[str]:
    return [
        request.path.removeprefix("/talk.springfield.example") for request in platform.asked if part in request.path
    ]


def test_a_long_topic_that_names_the_practice_is_read_whole(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[1] = [{} for _ in range(70)]
    platform.posts[1][0] = {"post_type": 3, "cooked": "moved"}
    platform.posts[1][68] = {
        "reply_to_post_number": 3,
        "cooked": '<p><a class="mention" href="/u/Mira">@Mira</a> yes</p>',
    }
    pull(data, platform)
    assert ids(data, platform, "post") == ["1/1"]
    assert ids(data, platform, "comment") == sorted(f"1/{number}" for number in range(3, 72))
    by_id = {record.item_id: record for record in records_in(data, platform, "comment")}
    assert (by_id["1/70"].parent_id, by_id["1/70"].mentions, by_id["1/71"].parent_id) == ("1/3", ("mira",), "1/1")
    assert by_id["1/70"].url == f"{FORUM}/t/1/70"
    assert by_id["1/70"].thread_id == "1/1"


def test_of_a_topic_about_something_else_the_opening_and_what_names_the_practice_are_read(data: DataDir) -> None:
    """It stands on the third page of a long topic, which is not read whole for it, and the title on the first alone."""
    platform = StandIn(1)
    platform.openings = ["<p>Who is good around here?</p>"]
    platform.posts[1] = [{} for _ in range(70)]
    platform.posts[1][60] = {"cooked": "<p>Riverside Dental, without a doubt.</p>"}
    platform.posts[1][61] = {
        "cooked": '<blockquote><p>other</p></blockquote><a href="https://riverside.example/a">x</a>'
    }
    pull(data, platform)
    [opening] = records_in(data, platform, "post")
    assert (opening.item_id, opening.matched, opening.title) == ("1/1", None, "Who is good?")
    assert (opening.text, opening.place, opening.url) == (
        "Who is good around here?", "talk.springfield.example", f"{FORUM}/t/1/1",
    )  # fmt: skip
    assert ids(data, platform, "comment") == ["1/62"]
    assert {record.parent_id for record in records_in(data, platform, "metric")} == {"1/62"}
    chunks = [request for request in platform.asked if request.path.endswith("/t/1/posts.json")]
    assert [request.query["post_ids[]"] for request in chunks] == [["101", "162"]]


def asking(*answers: dict[str, Any]) -> StandIn:
    """Return a forum with one topic whose opening names nobody, and what is said below it."""
    platform = StandIn(1)
    platform.openings = ["<p>Who is good around here?</p>"]
    platform.posts[1] = list(answers)
    return platform


NAMING = {"cooked": "<p>Riverside Dental, without a doubt.</p>"}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (NAMING, ["1/1"]),
        ({}, []),
        (NAMING | {"post_type": 3}, []),
        (NAMING | {"hidden": True}, []),
    ],
    ids=["named", "nobody", "a moderator's action", "hidden"],
)
def test_an_opening_is_read_only_above_a_post_that_names_the_practice(
    answer: dict[str, Any], found: list[str], data: DataDir
) -> None:
    platform = asking(answer)
    pull(data, platform)
    assert ids(data, platform, "post") == found
    assert ids(data, platform, "comment") == (["1/2"] if found else [])


@pytest.mark.parametrize(
    ("opening", "found"),
    [
        ({"created_at": "2026-08-02T00:00:00.000Z"}, ["1/1"]),
        ({"created_at": "2026-08-01T23:59:59.000Z"}, []),
        ({"username": "Riverside_Dental"}, []),
    ],
    ids=["within the window", "before it", "the practice's own"],
)
def test_an_opening_that_names_nobody_is_of_the_window_and_of_others(
    opening: dict[str, Any], found: list[str], data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = asking(NAMING)
    real = platform.post

    def post(topic: int, number: int, **said: Any) -> dict[str, Any]:
        return real(topic, number, **said) | (opening if number == 1 else {})

    monkeypatch.setattr(platform, "post", post)
    pull(data, platform)
    assert ids(data, platform, "post") == found
    assert ids(data, platform, "comment") == ["1/2"]


def test_an_opening_is_edited_and_taken_away_like_any_post(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its topic is read again while it is young; an opening that its author takes back leaves no word."""
    platform = asking(NAMING | {"created_at": YOUNG})
    pull(data, platform)
    edited = "2026-11-01T08:00:00.000Z"
    real = platform.post
    change: dict[str, Any] = {"cooked": "<p>Which dentist?</p>", "updated_at": edited}
    monkeypatch.setattr(
        platform, "post", lambda topic, number, **said: real(topic, number, **said) | (change if number == 1 else {})
    )
    pull(data, platform, NEXT)
    [after] = records_in(data, platform, "post", NEXT)
    assert (after.text, after.matched, after.updated_at) == (
        "Which dentist?", None, dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC),
    )  # fmt: skip
    change["user_deleted"] = True
    pull(data, platform, NEXT.replace(day=3))
    [gone] = records_in(data, platform, "post", NEXT.replace(day=3))
    assert (gone.state, gone.title, gone.text, gone.author_name) == ("removed", None, None, None)


def test_an_opening_whose_answer_is_gone_is_missing_from_the_sweep(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = asking(NAMING)
    pull(data, platform)
    sweep, real = NIGHT.replace(month=11, day=8), platform.answer
    platform.missing = {102}
    monkeypatch.setattr(platform, "answer", lambda asked: EMPTY if "search" in asked.path else real(asked))
    pull(data, platform, sweep)
    assert receipts(data, platform, sweep)[0].complete
    assert found_in(data, platform, sweep) == []


def test_a_later_night_walks_down_to_the_last_post_it_knows(data: DataDir) -> None:
    platform = StandIn(3)
    pull(data, platform)
    platform.asked.clear()
    platform.count, platform.openings = 4, [*platform.openings, "<p>Riverside Dental or not?</p>"]
    platform.posts[4] = [{"created_at": YOUNG} for _ in range(90)]
    platform.posts[2] = [{"cooked": "<p>Late, but good.</p>", "actions_summary": []}]
    pull(data, platform, NEXT)
    assert [request.one("before") for request in platform.asked if request.path.endswith("/posts.json")][:2] == [
        "",
        "442",
    ]
    assert asked_for(platform, "search") == []
    assert ids(data, platform, "post", NEXT) == ["4/1"]
    assert len(ids(data, platform, "comment", NEXT)) == 90
    assert not receipts(data, platform, NEXT)[0].complete


def test_something_new_in_an_old_topic_brings_it_back(data: DataDir) -> None:
    platform = StandIn(2)
    pull(data, platform)
    platform.asked.clear()
    platform.count, platform.openings = 3, [*platform.openings, "<p>Tyres?</p>"]
    platform.posts[2] = [{"id": 999, "cooked": "<p>Late, but good.</p>", "created_at": YOUNG}]
    pull(data, platform, NEXT)
    assert asked_for(platform, "/t/") == ["/t/2.json"]
    assert ids(data, platform, "comment", NEXT) == ["2/2"]


def test_the_walk_goes_on_over_a_page_of_posts_that_are_gone(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    platform.posts[1] = [{"id": 700 + number} for number in range(3)]
    real = platform.answer

    def by_windows(request: Request) -> Any:
        """Look at the fifty ids below `before`, as Discourse does, whatever is left of them."""
        if not request.path.endswith("example/posts.json"):
            return real(request)
        before = int(request.one("before", "703"))
        return {"latest_posts": [p for p in platform.all_posts() if before - 50 <= p["id"] < before]}

    platform.answer = by_windows  # type: ignore[method-assign]
    platform.asked.clear()
    pull(data, platform, NEXT)
    befores = [request.one("before") for request in platform.asked if request.path.endswith("example/posts.json")]
    assert befores[:3] == ["", "700", "650"]
    assert 101 <= int(befores[-1]) <= 151


def test_a_walk_that_turns_in_circles_is_stopped(data: DataDir) -> None:
    platform = StandIn(60)
    pull(data, platform)
    platform.count, platform.openings = 130, platform.openings * 3
    real = platform.answer

    def circling(request: Request) -> Any:
        if request.path.endswith("example/posts.json"):
            return {"latest_posts": platform.all_posts()[:50]}
        return real(request)

    platform.answer = circling  # type: ignore[method-assign]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform, NEXT)
    assert isinstance(raised.value.failures[0], ChangedShape)


def test_a_deleted_topic_is_missing_from_a_sweep_and_a_deleted_post_has_no_text(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = StandIn(3)
    real = platform.answer
    platform.posts[1] = [{"hidden": True}, {"user_deleted": True}, {"deleted_at": YOUNG}, {}]
    pull(data, platform)
    states = {
        r.item_id: (r.state, r.text is None, r.author_name is None) for r in records_in(data, platform, "comment")
    }
    assert states["1/5"] == (None, False, False)
    assert {states[f"1/{number}"] for number in (2, 3, 4)} == {("removed", True, True)}
    platform.gone, platform.missing = {2}, {105}
    sweep = NIGHT.replace(month=11, day=8)
    monkeypatch.setattr(platform, "answer", lambda asked: EMPTY if "search" in asked.path else real(asked))
    pull(data, platform, sweep)
    assert ids(data, platform, "post", sweep) == ["1/1", "3/1"]
    assert ids(data, platform, "comment", sweep) == ["1/2", "1/3", "1/4"]
    assert receipts(data, platform, sweep)[0].complete


def test_likes_are_zero_where_discourse_leaves_them_out_and_unknown_where_it_says_nothing(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[1] = [{"actions_summary": []}, {"actions_summary": [{"id": 3}]}, {"actions_summary": None}]
    pull(data, platform)
    told = {record.item_id: record.value for record in records_in(data, platform, "metric")}
    assert told == {
        "1/1/likes": 3, "1/1/views": 40, "1/1/reply_count": 3, "1/2/likes": 0, "1/3/likes": 0, "1/4/likes": None,
    }  # fmt: skip


def test_the_practices_own_account_is_known_by_its_block(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[1] = [{"username": "Riverside_Dental"}, {"username": "somebody"}]
    pull(data, platform)
    assert [record.by_practice for record in records_in(data, platform, "comment")] == [True, False]


class Shared(StandIn):
    """Two practices of one forum, of which one listens in another one, too."""

    @classmethod
    def practices(cls) -> Practices:
        one = {"id": "riverside", "name": "Riverside Dental", "discourse": [{"forum": f"{FORUM}/"}]}
        other = {"id": "harbor", "name": "Harbor Family Medicine", "discourse": [{"forum": FORUM}]}
        return Practices.model_validate({"practice": [one, other]})

    def answer(self, request: Request) -> Any:
        if "search" in request.path and "Harbor" in request.one("q"):
            return {"posts": [], "grouped_search_result": {}}
        return super().answer(request)


def test_a_forum_of_several_practices_is_visited_once(data: DataDir) -> None:
    platform = Shared(2)
    platform.openings[1] = "<p>Riverside Dental or Harbor Family Medicine?</p>"
    pull(data, platform)
    [receipt] = receipts(data, platform)
    assert (receipt.label, receipt.practice_ids) == ("talk-springfield-example", ["harbor", "riverside"])
    posts = {(record.practice_id, record.item_id) for record in records_in(data, platform, "post")}
    assert posts == {("riverside", "1/1"), ("riverside", "2/1"), ("harbor", "2/1")}
    read("discourse", NIGHT, Shared.practices(), data, say=lambda line: None)
    rows = read_table(data.completeness("discourse", NIGHT), COMPLETENESS)
    assert {(row["practice_id"], row["complete"], row["fetched"]) for row in rows} == {
        ("harbor", True, 1),
        ("riverside", True, 2),
    }


def test_each_practice_has_the_openings_above_its_own_name(data: DataDir) -> None:
    """The first topic's opening names one practice, and an answer the other; the second's answers name one of them."""
    platform = Shared(3)
    platform.openings[1] = "<p>Who is good around here?</p>"
    platform.posts[1] = [{"cooked": "<p>Or Harbor Family Medicine?</p>"}, {"cooked": "<p>Riverside Dental.</p>"}]
    platform.posts[2] = [{"cooked": "<p>Harbor Family Medicine.</p>"}]
    pull(data, platform)
    posts = {(record.practice_id, record.item_id, record.matched) for record in records_in(data, platform, "post")}
    own = {("riverside", "1/1", "name"), ("riverside", "3/1", "name")}
    assert posts == own | {("harbor", "1/1", None), ("harbor", "2/1", None)}
    assert receipts(data, platform)[0].keep["below"] == "1=harbor 1=riverside 2=harbor"


class TwoForums(StandIn):
    """One practice that listens in two forums, of which one may be down."""

    down = False

    @classmethod
    def practices(cls) -> Practices:
        forums = [{"forum": FORUM}, {"forum": "https://other.example"}]
        practice = {"id": "riverside", "name": "Riverside Dental", "discourse": forums}
        return Practices.model_validate({"practice": [practice]})

    def answer(self, request: Request) -> Any:
        if not request.path.startswith("/other.example"):
            return super().answer(request)
        assert not request.path.startswith("/other.example/t/")
        if self.down:
            return 403, {}, b'{"error_type": "invalid_access"}'
        return EMPTY if "search" in request.path else {"latest_posts": []}


def test_who_listens_in_two_forums_is_told_of_removals_only_when_both_are_listed(data: DataDir) -> None:
    """On the second night one forum is down, and on the third it alone is listed whole: neither proves anything."""
    platform, practices = TwoForums(2), TwoForums.practices()
    told: list[set[tuple[str, str, bool]]] = []
    nights = [NIGHT, *(NIGHT.replace(month=11, day=day) for day in (8, 9, 16))]
    for night in nights:
        platform.down = night == nights[1]
        if platform.down:
            platform.gone = {2}
            with pytest.raises(SeveralFailed, match="invalid_access"):
                pull(data, platform, night)
        else:
            pull(data, platform, night)
        read("discourse", night, practices, data, say=lambda line: None)
        score("discourse", night, practices, data, say=lambda line: None)
        visits = read_table(data.completeness("discourse", night), COMPLETENESS)
        told.append({(row["label"].partition("-")[0], row["status"], row["complete"]) for row in visits})
    both = {("talk", "ok", True), ("other", "ok", True)}
    down, one = {("talk", "ok", True), ("other", "failed", False)}, {("talk", "ok", False), ("other", "ok", True)}
    assert told == [both, down, one, both]
    build(data, practices, None, lambda line: None)
    with open_warehouse(data) as warehouse:
        found = rows(warehouse, "select item_id, removed_on from core.items where kind = 'post' order by item_id")
    assert [tuple(row.values()) for row in found] == [("1/1", None), ("2/1", nights[3])]


class OtherForum(TwoForums):
    """The same practice, which has left the first of the two."""

    @classmethod
    def practices(cls) -> Practices:
        practice = {"id": "riverside", "name": "Riverside Dental", "discourse": [{"forum": "https://other.example"}]}
        return Practices.model_validate({"practice": [practice]})


def test_what_a_forum_held_in_which_nobody_listens_any_more_is_not_gone(data: DataDir) -> None:
    """The sweeps of the forum that is left list all there is there, which says nothing of the other's topics."""
    for platform, night in ((TwoForums(2), NIGHT), (OtherForum(2), NIGHT.replace(month=11, day=8))):
        pull(data, platform, night)
        read("discourse", night, platform.practices(), data, say=lambda line: None)
        score("discourse", night, platform.practices(), data, say=lambda line: None)
    build(data, OtherForum.practices(), None, lambda line: None)
    with open_warehouse(data) as warehouse:
        found = rows(warehouse, "select item_id, removed_on from core.items where kind = 'post' order by item_id")
    assert [tuple(row.values()) for row in found] == [("1/1", None), ("2/1", None)]


def test_a_key_goes_only_to_the_forum_it_is_named_for(monkeypatch: pytest.MonkeyPatch, data: DataDir) -> None:
    class Keyed(StandIn):
        block = [{"forum": FORUM, "key": "town"}]  # noqa: RUF012

        def check_key(self, request: Request) -> None:
            assert (request.headers["api-key"], request.headers["api-username"]) == ("the-key", "reader")

    monkeypatch.setenv("RAPPORT_KEY_DISCOURSE", json.dumps({"api_key": "never", "api_username": "anybody"}))
    pull(data, StandIn(1))
    monkeypatch.setenv("RAPPORT_KEY_DISCOURSE__TOWN", json.dumps({"api_key": "the-key", "api_username": "reader"}))
    pull(data, Keyed(1), NEXT)
    assert [planned.key for planned in discourse.visits(Keyed.practices(), Path())] == ["town"]


def test_a_private_forum_says_what_to_do(data: DataDir) -> None:
    platform = StandIn(1)
    told = {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}
    platform.refuse = [(403, {}, json.dumps(told).encode())]
    with pytest.raises(SeveralFailed, match="invalid_access") as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], BadKey)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Content-Type": "text/plain", "Retry-After": "70"}, b"Slow down, too many requests from this IP.", 70.0),
        ({}, b'{"errors": ["Too often."], "error_type": "rate_limit", "extras": {"wait_seconds": 90}}', 90.0),
    ],
    ids=["gate", "action"],
)
def test_both_ways_to_say_slow_down_are_understood(
    headers: dict[str, str], body: bytes, seconds: float, data: DataDir
) -> None:
    platform = StandIn(1)
    platform.refuse = [(429, headers, body)]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert raised.value.can_recover
    assert raised.value.retry_after_seconds == seconds


def operations() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((CONTRACT / "openapi" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    return told


def schema_of(path: str) -> Any:
    """Return what the document says of an answer, less what live forums do otherwise.

    All its fields are "required" because it was made of one answer; a reply's parent is a number, the count of likes
    stands beside `can_act`, and more results are announced by true.
    """
    schema = copy.deepcopy(operations()[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"])
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        part.pop("required", None)
        for name, inner in part.get("properties", {}).items():
            if name == "reply_to_post_number":
                inner["type"] = ["integer", "null"]
            elif name in ("name", "display_username"):
                inner["type"] = ["string", "null"]
            elif name == "can_act":
                part["properties"] |= {"count": {"type": "integer"}}
                break
            elif name == "more_full_page_results":
                inner["type"] = ["boolean", "null"]
        waiting += [*part.get("properties", {}).values(), *([part["items"]] if "items" in part else [])]
    return schema


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_every_request_and_the_towns_answers_are_as_the_document_has_them(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[1] = [{} for _ in range(30)]
    pull(data, platform)
    patterns = {"/posts.json": "/posts.json", "/search.json": "/search.json", "/t/1.json": "/t/{id}.json",
                "/t/1/posts.json": "/t/{id}/posts.json"}  # fmt: skip
    seen = set()
    for request in platform.asked:
        path = patterns[request.path.removeprefix("/talk.springfield.example")]
        parameters = {p["name"] for p in operations()[path]["get"].get("parameters", [])}
        # The document wants the ids in a body, which a GET has not; every forum's own page asks as we do.
        assert set(request.query) <= parameters | ({"post_ids[]"} if path.endswith("{id}/posts.json") else set())
        seen.add(path)
    assert seen == set(patterns.values())
    topic = told_by_town("posts.json")["latest_posts"][0]
    answers = {
        "/posts.json": told_by_town("posts.json"),
        "/search.json": told_by_town("search.json", q='"Riverside Dental" after:2026-08-01'),
        "/t/{id}.json": told_by_town(f"t/{topic['topic_id']}.json"),
        "/t/{id}/posts.json": told_by_town(f"t/{topic['topic_id']}/posts.json", **{"post_ids[]": str(topic["id"])}),
    }
    for path, answer in answers.items():
        jsonschema.validate(answer, schema_of(path))
    assert answers["/t/{id}/posts.json"]["post_stream"]["posts"]


def told_by_town(path: str, **query: str) -> Any:
    asked = Asked(
        method="GET", path=f"/talk.riverside.example/{path}", query={k: [v] for k, v in query.items()}, headers={},
        body=b"", base="", at=pull_instant(NIGHTS[0]), night=NIGHTS[0], seed=1913,
    )  # fmt: skip
    told = town_forum.tell(asked)
    assert told.status == 200
    return told.body


# What this source never asks for: accounts, badges, settings, lists of topics, and a search of an older form.
NOT_OURS = {
    "categories", "category_latest_topics", "email_settings", "groups", "hot", "latest", "members_2", "notifications",
    "regenerate_api_key", "replies", "search", "update_trust_level", "upload_avatar", "upload_file", "user_badges",
    "user_create_success", "user_grant_admin", "user_grant_moderator", "user_list", "user_update_user",
}  # fmt: skip


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_every_file_is_read_or_refused_for_a_reason() -> None:
    files = sorted((CONTRACT / "fixtures").rglob("*.json"))
    assert {path.stem for path in files} == NOT_OURS | {"posts_before", "posts_latest", "topic_posts"}
    practices = StandIn.practices()
    for path in files:
        about = {"practice_id": "riverside", "forum": FORUM}
        receipt = Receipt(source="discourse", night=NIGHT, label="forum", about=about)
        page = SavedPage(path="pages/discourse/x.json", body=path.read_bytes(), receipt=receipt)
        if path.stem in NOT_OURS:
            with pytest.raises(ChangedShape):
                list(discourse.read(page, practices))
        else:
            assert not [item for item in discourse.read(page, practices) if isinstance(item, SetAside)], path.stem


def test_nothing_is_read_that_names_nobody(data: DataDir) -> None:
    platform = StandIn(3)
    platform.openings = ["<p>Tyres?</p>", "<p>Riverside Dental?</p>", "<p>Bread?</p>"]
    pull(data, platform)
    assert {record.item_id for record in found_in(data, platform) if isinstance(record, Record)} == {
        "2/1",
        *(f"2/1/{name}" for name in ("likes", "views", "reply_count")),
    }


def test_a_post_that_only_the_search_knows_is_found_in_its_long_topic(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands neither among the topic's first twenty posts nor among the forum's newest fifty."""
    platform = StandIn(1)
    platform.openings = ["<p>Who is good around here?</p>"]
    platform.posts[1] = [{} for _ in range(70)]
    platform.posts[1][19] = {"cooked": "<p>Riverside Dental, without a doubt.</p>"}
    real = platform.answer
    hit: Any = {"posts": [{"id": 121, "topic_id": 1}], "grouped_search_result": {}}
    monkeypatch.setattr(platform, "answer", lambda asked: hit if "search" in asked.path else real(asked))
    pull(data, platform)
    assert ids(data, platform, "comment") == ["1/21"]
    sweep = NIGHT.replace(month=11, day=8)
    monkeypatch.setattr(platform, "answer", lambda asked: EMPTY if "search" in asked.path else real(asked))
    pull(data, platform, sweep)
    assert ids(data, platform, "comment", sweep) == ["1/21"], "what was found once is asked for again"


def test_an_edit_is_a_later_version_of_the_same_post(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[1] = [{"cooked": "<p>Good.</p>", "created_at": YOUNG, "updated_at": YOUNG}]
    pull(data, platform)
    platform.posts[1][0] |= {"cooked": "<p>Very good.</p>", "updated_at": "2026-11-01T08:00:00.000Z"}
    pull(data, platform, NEXT)
    [before], [after] = (records_in(data, platform, "comment", night) for night in (NIGHT, NEXT))
    assert (before.item_id, before.text, after.item_id, after.text) == ("1/2", "Good.", "1/2", "Very good.")
    assert after.updated_at == dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC)
    assert before.created_at == after.created_at == before.updated_at


def test_a_search_whose_pages_are_empty_and_still_name_another_is_stopped(data: DataDir) -> None:
    class Hollow(StandIn):
        def answer(self, request: Request) -> Any:
            more = {"posts": [], "grouped_search_result": {"more_full_page_results": True}}
            return more if "search" in request.path else super().answer(request)

    with pytest.raises(SeveralFailed, match="would never end"):
        pull(data, Hollow(1))
