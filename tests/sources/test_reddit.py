"""Reddit: whole trees, late values, deletions and edits, tokens, and the real answers that were recorded."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadKey, ChangedShape, SeveralFailed, UnknownName
from pipelines.fetch import fetch
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import reddit
from tests.conftest import SHARED, serving
from tests.sources.stand_in import NIGHT, configured, found_in, pull, receipts, records_in
from tests.sources.stand_in_reddit import StandIn, comment

NEXT = NIGHT.replace(month=11, day=2)
YOUNG = dt.datetime(2026, 10, 30, tzinfo=dt.UTC).timestamp()
RECORDED = SHARED / "contracts" / "reddit" / "recorded" / "praw-cassettes-flat"


def ids(data: DataDir, platform: StandIn, kind: str, night: dt.date = NIGHT) -> list[str]:
    return sorted({record.item_id for record in records_in(data, platform, kind, night)})


def test_a_tree_is_read_whole_with_what_it_leaves_out(data: DataDir) -> None:
    platform = StandIn(1)
    deep = {"name": "t1_b", "parent_id": "t1_a", "replies": [{"children": [], "parent_id": "t1_b"}]}
    platform.trees["t3_1"] = [
        {"name": "t1_a", "replies": [deep]},
        {"children": [f"m{number}" for number in range(150)], "parent_id": "t3_1"},
    ]
    platform.hidden = {f"m{number}": {"name": f"t1_m{number}"} for number in range(150)}
    platform.hidden["m149"] = {"children": ["last"], "parent_id": "t3_1"}
    platform.hidden["last"] = {"name": "t1_last", "parent_id": "t1_m0"}
    platform.branches["b"] = [{"name": "t1_b", "parent_id": "t1_a", "replies": [{"name": "t1_c", "parent_id": "t1_b"}]}]
    pull(data, platform)
    assert ids(data, platform, "comment") == sorted(
        ["t1_a", "t1_b", "t1_c", "t1_last", *(f"t1_m{number}" for number in range(149))]
    )
    parents = {r.item_id: r.parent_id for r in records_in(data, platform, "comment")}
    assert (parents["t1_c"], parents["t1_last"], parents["t1_a"]) == ("t1_b", "t1_m0", "t3_1")
    asked = [request for request in platform.asked if request.path == "/api/morechildren"]
    assert [request.body.count(b"%2C") + 1 for request in asked] == [100, 50, 1]


def test_only_what_means_the_practice_is_read(data: DataDir) -> None:
    """A post that Reddit's search finds need not name the practice, and a comment may name it below another post."""
    platform = StandIn(2)
    platform.posts[1] = {"title": "Riverside Dental in Portland", "subreddit": "portland"}
    platform.spoken = [
        {"name": "t1_x", "body": "Riverside Dental, without a doubt.", "link_id": "t3_zz", "parent_id": "t3_zz"},
        {"name": "t1_y", "body": "Just not the place next to the mall.", "link_id": "t3_zz"},
    ]
    pull(data, platform)
    assert ids(data, platform, "post") == ["t3_1"]
    assert openings_asked_for(platform) == ["t3_zz"]
    [single] = records_in(data, platform, "comment")
    assert (single.item_id, single.thread_id, single.matched) == ("t1_x", "t3_zz", "name")
    assert single.place == "r/springfield"
    assert not any(request.path == "/comments/2" for request in platform.asked)


def openings_asked_for(platform: StandIn) -> list[str]:
    """Return the names of each request for posts alone; what was known is asked after in requests of its own."""
    asked = [request.one("id") for request in platform.asked if request.path == "/api/info"]
    return [names for names in asked if names.startswith("t3_")]


NAMING = {"name": "t1_x", "body": "Riverside Dental, without a doubt.", "link_id": "t3_zz", "parent_id": "t3_zz",
          "created_utc": YOUNG}  # fmt: skip


def asking(**opening: Any) -> StandIn:
    """Return a Reddit that finds no post; a comment names the practice below one that asks whom to go to."""
    platform = StandIn(0)
    platform.spoken = [NAMING | {"name": f"t1_{name}"} for name in ("x", "y")]
    told = StandIn(1).post(1)["data"] | {"name": "t3_zz", "title": "Who is good?", "created_utc": YOUNG}
    platform.info = {"t3_zz": {"kind": "t3", "data": told | opening}}
    return platform


def test_the_post_above_comments_that_name_the_practice_is_read_without_its_numbers(data: DataDir) -> None:
    platform = asking()
    pull(data, platform)
    assert openings_asked_for(platform) == ["t3_zz"]
    [opening] = records_in(data, platform, "post")
    assert (opening.item_id, opening.matched, opening.title, opening.text, opening.place) == (
        "t3_zz", None, "Who is good?", "Around here.", "r/springfield",
    )  # fmt: skip
    assert ids(data, platform, "comment") == ["t1_x", "t1_y"]
    assert receipts(data, platform)[0].newest == dt.datetime.fromtimestamp(YOUNG, dt.UTC)
    assert {record.parent_id for record in records_in(data, platform, "metric")} == {"t1_x", "t1_y"}
    assert not any(request.path.startswith("/comments/") for request in platform.asked)


@pytest.mark.parametrize(
    ("opening", "found"),
    [
        ({"created_utc": dt.datetime(2026, 8, 2, tzinfo=dt.UTC).timestamp()}, ["t3_zz"]),
        ({"created_utc": dt.datetime(2026, 8, 1, 23, 59, 59, tzinfo=dt.UTC).timestamp()}, []),
        ({"author": "Riverside_Dental"}, []),
    ],
    ids=["within the window", "before it", "the practice's own"],
)
def test_an_opening_that_names_nobody_is_of_the_window_and_of_others(
    opening: dict[str, Any], found: list[str], data: DataDir
) -> None:
    platform = asking(**opening)
    pull(data, platform)
    assert ids(data, platform, "post") == found
    assert ids(data, platform, "comment") == ["t1_x", "t1_y"]


def test_openings_are_asked_for_again_each_night_as_long_as_a_comment_names_the_practice(data: DataDir) -> None:
    """An edit is a later version, what its author takes back leaves no word, and it goes with the last such comment."""
    platform = asking()
    pull(data, platform)
    comments = {said["name"]: comment(**said) for said in platform.spoken}
    platform.spoken, platform.info = [], platform.info | comments
    nights = [NEXT.replace(day=day) for day in (2, 3, 4)]
    opening = platform.info["t3_zz"]["data"]
    opening |= {"selftext": "For a child?", "edited": YOUNG + 3600}
    pull(data, platform, nights[0])
    [after] = records_in(data, platform, "post", nights[0])
    assert (after.text, after.matched) == ("For a child?", None)
    assert after.updated_at == dt.datetime.fromtimestamp(YOUNG + 3600, dt.UTC)
    opening |= {"selftext": "[deleted]", "author": "[deleted]"}
    pull(data, platform, nights[1])
    [deleted] = records_in(data, platform, "post", nights[1])
    assert (deleted.state, deleted.title, deleted.text, deleted.author_name) == ("removed", None, None, None)
    platform.asked.clear()
    platform.info |= {name: {"kind": "t1", "data": gone(name)} for name in comments}
    pull(data, platform, nights[2])
    assert openings_asked_for(platform) == []
    assert ids(data, platform, "post", nights[2]) == []


def test_openings_are_asked_for_a_hundred_at_once(data: DataDir) -> None:
    platform = asking()
    platform.spoken = [NAMING | {"name": f"t1_{number}", "link_id": f"t3_a{number}"} for number in range(101)]
    pull(data, platform)
    assert [names.count(",") + 1 for names in openings_asked_for(platform)] == [100, 1]


def test_a_post_that_a_comment_shows_before_the_search_does_is_read_with_its_thread(data: DataDir) -> None:
    platform = asking()
    platform.posts = [{"title": "Riverside Dental or not?", "created_utc": YOUNG}]
    platform.spoken = [NAMING | {"link_id": "t3_1"}]
    platform.info = {"t3_1": platform.post(1)}
    platform.trees["t3_1"] = [{"name": "t1_a"}, NAMING | {"link_id": "t3_1"}]
    pull(data, platform)
    [post] = records_in(data, platform, "post")
    assert (post.item_id, post.matched) == ("t3_1", "name")
    assert ids(data, platform, "comment") == ["t1_a", "t1_x"]
    platform.asked.clear()
    platform.spoken, platform.info = [], {"t1_x": {"kind": "t1", "data": gone("t1_x")}}
    pull(data, platform, NEXT)
    assert [request.path for request in platform.asked if "/comments/" in request.path] == ["/comments/1"]


def test_a_comment_brings_back_no_thread_that_is_only_asked_after(data: DataDir) -> None:
    """One is known and no longer young; the other began before the window."""
    platform = StandIn(2)
    platform.posts[1]["created_utc"] = YOUNG
    pull(data, platform)
    platform.asked.clear()
    old = platform.post(1)["data"] | {
        "name": "t3_old",
        "created_utc": dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp(),
    }
    platform.info = {"t3_1": platform.post(1), "t3_old": {"kind": "t3", "data": old}}
    platform.spoken = [NAMING | {"name": f"t1_{link}", "link_id": f"t3_{link}"} for link in ("1", "old")]
    pull(data, platform, NEXT.replace(day=3))
    assert openings_asked_for(platform) == ["t3_1", "t3_1,t3_old"]
    assert [request.path for request in platform.asked if "/comments/" in request.path] == ["/comments/2"]


def test_scores_are_numbers_and_a_hidden_score_is_none(data: DataDir) -> None:
    platform = StandIn(1)
    platform.trees["t3_1"] = [{"name": "t1_a", "score_hidden": True}]
    pull(data, platform)
    told = {record.item_id: record.value for record in records_in(data, platform, "metric")}
    assert told == {"t3_1/score": 7, "t3_1/num_comments": 2, "t1_a/score": None}


def test_what_is_gone_leaves_no_text_title_or_author(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[0]["created_utc"] = YOUNG
    platform.trees["t3_1"] = [
        {"name": "t1_a", "body": "[deleted]", "author": "[deleted]"},
        {"name": "t1_b", "body": "[removed]", "author": "Helper"},
        {"name": "t1_c", "body": "Still here.", "author": "[deleted]"},
    ]
    pull(data, platform)
    platform.posts[0] |= {"selftext": "[removed]"}
    pull(data, platform, NEXT)
    by_id = {record.item_id: record for record in records_in(data, platform, "comment")}
    for name in ("t1_a", "t1_b"):
        gone = by_id[name]
        assert (gone.state, gone.text, gone.author_id, gone.author_name, gone.url) == (
            "removed",
            None,
            None,
            None,
            None,
        )
    assert (by_id["t1_c"].state, by_id["t1_c"].text, by_id["t1_c"].author_id) == (None, "Still here.", None)
    [post] = records_in(data, platform, "post", NEXT)
    assert (post.state, post.title, post.text, post.author_name) == ("removed", None, None, None)
    assert len(records_in(data, platform, "comment", NEXT)) == 3, "what stands below a removed post still belongs"


def test_the_practices_own_account_and_who_is_named(data: DataDir) -> None:
    platform = StandIn(1)
    platform.trees["t3_1"] = [
        {"name": "t1_a", "author": "Riverside_Dental", "body": "Thank you u/Helper!", "edited": 1_793_000_000.0},
        {"name": "t1_b", "body": "Ask /u/riverside_dental, see https://x.example/u/nobody"},
    ]
    pull(data, platform)
    ours, theirs = sorted(records_in(data, platform, "comment"), key=lambda record: record.item_id)
    assert (ours.by_practice, ours.mentions, theirs.mentions) == (True, ("helper",), ("practice",))
    assert ours.updated_at == dt.datetime.fromtimestamp(1_793_000_000, dt.UTC)
    assert theirs.updated_at == theirs.created_at


def test_a_later_night_reads_new_threads_and_young_ones_and_asks_after_old_ones(data: DataDir) -> None:
    """Post 1 is of the first of October, so a fortnight later it is asked after only; what is new is read whole."""
    platform = StandIn(2)
    platform.posts[1]["created_utc"] = YOUNG
    platform.spoken = [{"name": "t1_x", "body": "Riverside Dental!", "created_utc": 1_792_000_000.0}]
    pull(data, platform)
    platform.asked.clear()
    platform.spoken = []
    platform.info = {"t3_1": platform.post(1) | {}, "t1_x": {"kind": "t1", "data": gone("t1_x")}}
    platform.info["t3_1"]["data"]["score"] = 99
    pull(data, platform, NEXT)
    assert [request.one("id") for request in platform.asked if request.path == "/api/info"] == ["t1_x,t3_1"]
    assert [request.path for request in platform.asked if request.path.startswith("/comments/")] == ["/comments/2"]
    told = {record.item_id: record.value for record in records_in(data, platform, "metric", NEXT)}
    assert told["t3_1/score"] == 99
    [comment] = records_in(data, platform, "comment", NEXT)
    assert (comment.item_id, comment.state) == ("t1_x", "removed")
    assert not receipts(data, platform, NEXT)[0].complete


def gone(name: str) -> dict[str, Any]:
    return {"name": name, "created_utc": 1_792_000_000.0, "body": "[deleted]", "author": "[deleted]", "link_id": "t3_1"}


def test_a_sweep_reads_every_known_thread_and_what_is_closed_is_missing(data: DataDir) -> None:
    platform = StandIn(3)
    pull(data, platform)
    platform.closed["t3_2"] = (403, {"Content-Type": "application/json"}, b'{"message": "Forbidden", "error": 403}')
    sweep = NIGHT.replace(month=11, day=8)
    pull(data, platform, sweep)
    assert receipts(data, platform, sweep)[0].complete
    assert ids(data, platform, "post", sweep) == ["t3_1", "t3_3"]


def test_a_token_that_ends_in_the_middle_is_asked_for_anew(data: DataDir) -> None:
    platform = StandIn(2)
    platform.refuse = []
    real = platform.answer

    def ending(request: Any) -> Any:
        if request.path == "/comments/1" and platform.tokens == 1:
            return 401, {"Content-Type": "application/json"}, b'{"message": "Unauthorized", "error": 401}'
        return real(request)

    platform.answer = ending  # type: ignore[method-assign]
    pull(data, platform)
    assert platform.tokens == 2
    assert ids(data, platform, "post") == ["t3_1", "t3_2"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((403, {"Content-Type": "text/html"}, b"<html>whoa"), BadKey, "user_agent"),
        ((403, {}, b'{"message": "Forbidden", "error": 403, "reason": "private"}'), BadKey, "private"),
        ((302, {"Location": "/subreddits/search"}, b""), UnknownName, "subreddits"),
        ((401, {}, b'{"message": "Unauthorized", "error": 401}'), BadKey, "Unauthorized"),
    ],
    ids=["agent", "private", "no such", "key"],
)
def test_an_error_says_what_to_do(answer: Any, error: type[Exception], words: str, data: DataDir) -> None:
    platform = StandIn(1)
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], error)
    assert words in str(raised.value)


def test_a_name_that_means_nobody_is_not_searched_for(data: DataDir) -> None:
    class Generic(StandIn):
        @classmethod
        def practices(cls) -> Practices:
            practice = {"id": "riverside", "name": "Family Dental", "reddit": {"subreddits": ["springfield"]}}
            return Practices.model_validate({"practice": [practice]})

    platform = Generic(1)
    pull(data, platform)
    assert not any(request.path.endswith("/search") for request in platform.asked)
    assert found_in(data, platform) == []


def test_phrases_share_a_query_as_far_as_reddit_takes_it() -> None:
    phrases = [f'"{"x" * 120} {number}"' for number in range(9)]
    queries = list(reddit._queries(phrases))
    assert [query.split(" OR ") for query in queries] == [phrases[0:3], phrases[3:6], phrases[6:9]]
    assert all(len(query) <= reddit.LONGEST_QUERY for query in queries)


def test_texts_and_what_was_derived_are_kept_for_48_hours() -> None:
    policy = reddit.SOURCE.policy
    assert policy.keep_text_days <= policy.keep_derived_days <= 1
    assert not policy.author_key
    assert not policy.blendable


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.name.partition(".flat")[0])
def test_every_recorded_answer_is_read_or_refused_for_a_reason(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listings and trees read whole; what this source never asks for (votes, scopes, an identity) is refused."""
    monkeypatch.setattr(reddit, "_how", lambda item, matcher: "name")
    practices = StandIn.practices()
    for number, said in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        body, asked = said["body"], said["url"].partition("?")[0]
        if asked.endswith("access_token"):
            assert reddit._Token(body["access_token"])
            continue
        page = recorded_page(json.dumps(body).encode(), number)
        if not isinstance(body, list) and "kind" not in body and not body.get("json", {}).get("data"):
            with pytest.raises(ChangedShape):
                list(reddit.read(page, practices))
            continue
        read = list(reddit.read(page, practices))
        assert not [item for item in read if isinstance(item, SetAside)], asked
        if isinstance(body, list) and "duplicates" not in asked:
            comments = json.dumps(body[1]).count('"kind": "t1"')
            found = [item for item in read if isinstance(item, Record) and item.kind == "comment"]
            assert len(found) == comments > 0
        elif not isinstance(body, list) and "kind" in body:
            found = [item for item in read if isinstance(item, Record) and item.kind != "metric"]
            assert len(found) == len(body["data"]["children"])


def recorded_page(body: bytes, number: int) -> SavedPage:
    about = {"practice_id": "riverside"}
    receipt = Receipt(source="reddit", night=NIGHT, label="riverside", about=about)
    return SavedPage(path=f"pages/reddit/x/{number:04d}.json", body=body, receipt=receipt)


def test_a_thread_that_does_not_name_the_practice_any_more_keeps_what_does_and_its_opening(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[0]["created_utc"] = YOUNG
    platform.trees["t3_1"] = [{"name": "t1_a"}, {"name": "t1_b", "body": "Riverside Dental."}]
    pull(data, platform)
    assert ids(data, platform, "comment") == ["t1_a", "t1_b"]
    platform.posts[0]["title"] = "Never mind."
    pull(data, platform, NEXT)
    [post] = records_in(data, platform, "post", NEXT)
    assert (post.item_id, post.matched, post.title) == ("t3_1", None, "Never mind.")
    assert ids(data, platform, "comment", NEXT) == ["t1_b"]
    assert {record.parent_id for record in records_in(data, platform, "metric", NEXT)} == {"t1_b"}
    platform.trees["t3_1"][1]["body"] = "They were fine."
    pull(data, platform, NEXT.replace(day=3))
    assert ids(data, platform, "post", NEXT.replace(day=3)) == []


def test_a_search_is_paged_back_to_what_was_seen_before(data: DataDir) -> None:
    platform = StandIn(30, 5)
    for number, post in enumerate(platform.posts, 1):
        post["created_utc"] = YOUNG if number > 26 else YOUNG - 30 * 86_400
    pull(data, platform)
    assert sum(request.path.endswith("/search") for request in platform.asked) == 6
    platform.asked.clear()
    pull(data, platform, NEXT)
    assert sum(request.path.endswith("/search") for request in platform.asked) == 2


def test_what_is_known_stays_known_even_if_a_search_forgets_it(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old post is asked after on the second and the third night, and its thread is read whole on the sweep."""
    platform = StandIn(1)
    platform.info = {"t3_1": platform.post(1)}
    pull(data, platform)
    real = platform.answer
    empty: Any = {"kind": "Listing", "data": {"after": None, "children": []}}
    monkeypatch.setattr(platform, "answer", lambda asked: empty if "search" in asked.path else real(asked))
    for day in (2, 3):
        platform.asked.clear()
        pull(data, platform, NEXT.replace(day=day))
        assert [request.one("id") for request in platform.asked if request.path == "/api/info"] == ["t3_1"]
    platform.asked.clear()
    pull(data, platform, NEXT.replace(day=8))
    assert [request.path for request in platform.asked if "/comments/" in request.path] == ["/comments/1"]


def test_what_is_left_of_the_quota_is_told(data: DataDir, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting(StandIn):
        def answer(self, request: Any) -> Any:
            told = super().answer(request)
            return 200, {"X-Ratelimit-Remaining": "587.0", "X-Ratelimit-Reset": "300"}, json.dumps(told).encode()

    platform = Counting(1)
    with serving(platform) as base:
        settings = configured(StandIn, base, monkeypatch)
        fetch("reddit", NIGHT, StandIn.practices(), data, settings, say=said.append)
    assert receipts(data, platform)[0].quota_left == 587
    assert said[-1].endswith(", 587 requests left")


def test_an_edit_is_a_later_version_of_the_same_post(data: DataDir) -> None:
    platform = StandIn(1)
    platform.posts[0]["created_utc"] = YOUNG
    pull(data, platform)
    platform.posts[0] |= {"selftext": "Better words", "edited": YOUNG + 3600}
    pull(data, platform, NEXT)
    before, after = (records_in(data, platform, "post", night)[0] for night in (NIGHT, NEXT))
    assert (before.item_id, before.text is None or before.text != after.text) == (after.item_id, True)
    assert (after.text, after.updated_at) == ("Better words", dt.datetime.fromtimestamp(YOUNG + 3600, dt.UTC))
    assert before.created_at == after.created_at == before.updated_at
