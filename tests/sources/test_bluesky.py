"""Bluesky: feeds, threads, finds, sessions renewed by a token that is good once, and times that are not believed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.exceptions import ValidationError

from pipelines.demo.conversation import at, posts_of
from pipelines.demo.conversation.bluesky import GUESTS, HANDLE
from pipelines.demo.server import TownServer
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.errors import BadKey, ChangedShape, NoKey, SeveralFailed, UnknownName
from pipelines.fetch import fetch
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices, load_practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.sources import bluesky
from tests.conftest import SHARED, serving
from tests.sources.contract import Lexicons, OpenApi
from tests.sources.stand_in import NIGHT, configured, pull, receipts, tools_for
from tests.sources.stand_in_bluesky import OWN, STRANGER, StandIn, author, post, reply, stamp

CONTRACT = SHARED / "contracts" / "bluesky"
LATER = dt.date(2026, 11, 3)
SWEEP = dt.date(2026, 11, 8)
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


def quiet(line: str) -> None:
    """Say nothing."""


def days_ago(days: float, night: dt.date = NIGHT) -> dt.datetime:
    return dt.datetime.combine(night, dt.time(), tzinfo=dt.UTC) - dt.timedelta(days=days)


def uri(name: str, did: str = OWN) -> str:
    return f"at://{did}/app.bsky.feed.post/{name}"


def branch(shown: dict[str, Any], *replies: dict[str, Any]) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.defs#threadViewPost", "post": shown, "replies": list(replies)}


def talk() -> StandIn:
    """Return a network with two posts, an old one and a new one with a conversation below it."""
    platform = StandIn(0)
    tea = post("tea", days_ago(2), replyCount=2, repostCount=1, quoteCount=1, record={"text": "Tea?"})
    platform.own = [tea, post("old", days_ago(45))]
    first = reply("a1", days_ago(1.9), STRANGER, uri("tea"), uri("tea"))
    answer = reply("b1", days_ago(1.8), OWN, uri("tea"), uri("a1", STRANGER))
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri("g1", STRANGER), "notFound": True}
    blocked = {
        "$type": "app.bsky.feed.defs#blockedPost",
        "uri": uri("x1", STRANGER),
        "blocked": True,
        "author": {"did": STRANGER},
    }
    platform.below[uri("tea")] = [branch(first, branch(answer)), gone, blocked]
    platform.quotes[uri("tea")] = [post("q1", days_ago(1), STRANGER, record={"text": "Worth a read."})]
    platform.reposts[uri("tea")] = [author(STRANGER)]
    return platform


def asked(platform: StandIn, ending: str) -> list[dict[str, list[str]]]:
    return [request.query for request in platform.asked if request.path.endswith(ending)]


def rows(data: DataDir, night: dt.date, kind: str) -> list[dict[str, Any]]:
    read("bluesky", night, StandIn.practices(), data, say=quiet)
    return [row for row in read_table(data.records("bluesky", night), RECORDS) if row["kind"] == kind]


def test_a_sweep_reads_ninety_days_and_a_night_what_is_new_and_the_last_thirty_again(data: DataDir) -> None:
    platform = StandIn(0, 2)
    platform.own = [post(f"p{days:03d}", days_ago(days)) for days in range(10, 120, 10)]
    pull(data, platform)
    [receipt] = receipts(data, platform)
    assert (receipt.complete, receipt.newest) == (True, days_ago(10))
    assert [query.get("cursor") for query in asked(platform, "getAuthorFeed")] == [None, ["2"], ["4"], ["6"], ["8"]]
    platform.asked.clear()
    platform.own = [post("new", days_ago(0.5, LATER)), *platform.own]
    platform.own[2] |= {"likeCount": 9, "bookmarkCount": 1}
    pull(data, platform, LATER)
    assert [query.get("cursor") for query in asked(platform, "getAuthorFeed")] == [None, ["2"]]
    assert asked(platform, "getPosts") == [], "they were on the pages of the feed, past the watermark less a day"
    metrics = {row["item_id"]: row["value"] for row in rows(data, LATER, "metric")}
    assert (metrics[f"{uri('p020')}/likeCount"], metrics[f"{uri('p020')}/bookmarkCount"]) == (9, 1)
    assert (metrics["followersCount"], f"{uri('new')}/bookmarkCount" in metrics) == (42, False)
    third = LATER + dt.timedelta(days=1)
    platform.asked.clear()
    pull(data, platform, third)
    assert asked(platform, "getPosts") == [{"uris": [uri("p020")]}], "10 and new are in the feed, 30 is too old"


def test_a_post_that_the_network_no_longer_gives_was_deleted(data: DataDir) -> None:
    platform = talk()
    pull(data, platform)
    assert platform.own
    platform.own = platform.own[1:]
    pull(data, platform, LATER)
    [gone] = [row for row in rows(data, LATER, "post") if row["state"] == "removed"]
    assert (gone["item_id"], gone["text"], gone["author_name"]) == (uri("tea"), None, None)
    assert gone["page"].endswith(".again.json.zst")
    platform.asked.clear()
    pull(data, platform, SWEEP)
    assert receipts(data, platform, SWEEP)[0].complete
    assert [row["item_id"] for row in rows(data, SWEEP, "post")] == [uri("old")]
    assert not asked(platform, "getPosts"), "what is gone is not asked for for ever"


@pytest.mark.parametrize(
    "told",
    [
        (400, {}, b'{"error": "NotFound", "message": "Post not found: secret words"}'),
        {"thread": {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri("tea"), "notFound": True}},
    ],
    ids=["400", "200"],
)
def test_a_post_that_was_deleted_since_it_was_listed_is_gone_and_fails_no_night(told: Any, data: DataDir) -> None:
    """The feed may still list it for some minutes. It is told as removed, and what else there is is read."""

    class Deleting(StandIn):
        def answer(self, request: Any) -> Any:
            is_gone = request.path.endswith("getPostThread") and request.one("uri") == uri("tea")
            return told if is_gone else super().answer(request)

    whole, platform = talk(), Deleting(0)
    assert whole.own
    platform.own = [*whole.own, post("more", days_ago(3), replyCount=1)]
    platform.below[uri("more")] = [branch(reply("r", days_ago(1), STRANGER, uri("more"), uri("more")))]
    pull(data, platform)
    [receipt] = receipts(data, platform)
    assert (receipt.status, receipt.complete) == ("ok", True)
    assert {row["item_id"]: row["state"] for row in rows(data, NIGHT, "post")} == {
        uri("tea"): "removed", uri("old"): None, uri("more"): None,
    }  # fmt: skip
    [gone] = [row for row in rows(data, NIGHT, "post") if row["state"]]
    assert (gone["text"], gone["author_name"], gone["by_practice"]) == (None, None, True)
    assert not [row for row in rows(data, NIGHT, "metric") if row["parent_id"] == uri("tea")]
    assert [row["item_id"] for row in rows(data, NIGHT, "comment")] == [uri("r", STRANGER)]
    assert not [query for query in asked(platform, "getQuotes") if query["uri"] == [uri("tea")]]
    platform.own = platform.own[1:]
    platform.asked.clear()
    pull(data, platform, LATER)
    assert uri("tea") not in str(asked(platform, "getPosts")), "what is gone is not asked for again"


def test_a_post_that_is_too_old_is_listed_as_long_as_somebody_answers_or_quotes_it(data: DataDir) -> None:
    """Otherwise a sweep would call young replies removed as soon as their post leaves the window."""
    platform = StandIn(0, 1)
    platform.own = [
        post("a", days_ago(85), replyCount=1),
        post("b", days_ago(86), quoteCount=1),
        post("c", days_ago(87)),
    ]
    platform.below[uri("a")] = [branch(reply("r", days_ago(3), STRANGER, uri("a"), uri("a")))]
    platform.quotes[uri("b")] = [post("q", days_ago(3), STRANGER)]
    pull(data, platform)
    # The feed is not read beyond a post as old as this.
    platform.own.insert(0, post("d", days_ago(91, SWEEP)))
    pull(data, platform, SWEEP)
    assert [row["item_id"] for row in rows(data, SWEEP, "comment")] == [uri("r", STRANGER)]
    assert [row["item_id"] for row in rows(data, SWEEP, "share")] == [uri("q", STRANGER)]
    platform.asked.clear()
    pull(data, platform, NIGHT + dt.timedelta(days=100))
    assert not asked(platform, "getPostThread")


def test_a_thread_is_a_tree_without_what_is_blocked(data: DataDir) -> None:
    pull(data, talk())
    told = {row["item_id"]: row for row in rows(data, NIGHT, "comment")}
    assert set(told) == {uri("a1", STRANGER), uri("b1"), uri("g1", STRANGER)}
    first, answer, gone = told[uri("a1", STRANGER)], told[uri("b1")], told[uri("g1", STRANGER)]
    assert (first["thread_id"], first["parent_id"], first["author_id"]) == (uri("tea"), uri("tea"), STRANGER)
    assert (answer["thread_id"], answer["parent_id"]) == (uri("tea"), uri("a1", STRANGER))
    assert (first["by_practice"], answer["by_practice"]) == (False, True)
    assert (gone["state"], gone["text"], first["state"]) == ("removed", None, None)
    quote, repost = sorted(rows(data, NIGHT, "share"), key=lambda row: row["text"] is None)
    assert (quote["item_id"], quote["parent_id"], quote["text"]) == (uri("q1", STRANGER), uri("tea"), "Worth a read.")
    assert (repost["author_id"], repost["parent_id"], repost["created_at"]) == (STRANGER, uri("tea"), None)
    [tea, _] = sorted(rows(data, NIGHT, "post"), key=lambda row: row["item_id"], reverse=True)
    assert (tea["text"], tea["place"]) == ("Tea?", None)
    assert tea["url"] == f"https://bsky.app/profile/{OWN}/post/tea"


def test_reposts_and_pinned_copies_are_no_posts_of_ones_own(data: DataDir) -> None:
    platform = StandIn(0, 2)
    by = {"$type": "app.bsky.feed.defs#reasonRepost", "by": author(), "indexedAt": stamp(days_ago(1))}
    platform.own = [
        {"post": post("pin", days_ago(300)), "reason": {"$type": "app.bsky.feed.defs#reasonPin"}},
        {"post": post("theirs", days_ago(400), STRANGER), "reason": by},
        post("mine", days_ago(3)),
        post("older", days_ago(4)),
    ]
    pull(data, platform)
    assert {row["item_id"] for row in rows(data, NIGHT, "post")} == {uri("mine"), uri("older")}


def test_a_page_may_be_empty_and_still_not_be_the_last(data: DataDir) -> None:
    class Hiding(StandIn):
        def page(self, request: Any, name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
            told = super().page(request, name, items)
            return told | {name: []} if name == "feed" and request.one("cursor") == "2" else told

    platform = Hiding(6, 2)
    pull(data, platform)
    assert len(rows(data, NIGHT, "post")) == 4


@pytest.mark.parametrize(
    ("claimed", "minutes", "believed"),
    [
        ("2026-10-30T12:00:00Z", 0, True),
        ("2026-10-30T11:00:00.123456+00:00", 0, True),
        ("2026-10-30T12:04:00Z", 0, True),
        ("2024-02-22T19:58:13.903293", 0, True),
        ("2026-10-30T12:06:00Z", 0, False),
        ("2031-01-01T00:00:00Z", 0, False),
        ("2006-03-21T20:50:14Z", 0, False),
        ("0001-01-01T00:00:00+14:00", 0, False),
        ("last Tuesday", 0, False),
        ("", 0, False),
    ],
)
def test_when_it_was_written_is_believed_as_far_as_it_can_be_true(claimed: str, minutes: int, believed: bool) -> None:
    indexed = dt.datetime(2026, 10, 30, 12, minutes, tzinfo=dt.UTC)
    [told, *_] = read_body({"feed": [{"post": post("p", indexed, record={"createdAt": claimed})}]})
    assert isinstance(told, Record)
    assert told.state == (None if believed else "dated_by_index")
    expected = dt.datetime.fromisoformat(claimed).replace(tzinfo=dt.UTC) if believed else indexed
    assert told.created_at == told.updated_at == expected


IMAGE = {"$type": "blob", "mimeType": "image/jpeg", "size": 1}
QUOTE = {"record": {"record": {"uri": "at://did:plc:x/app.bsky.feed.post/q", "cid": "b"}}}
SHOWN = {"images": [{"image": IMAGE, "alt": "A toothbrush"}, {"image": IMAGE, "alt": " "}]}


@pytest.mark.parametrize(
    ("embed", "told"),
    [
        (None, (0, 0)),
        (SHOWN, (2, 1)),
        (QUOTE | {"media": SHOWN}, (2, 1)),
        ({"items": [{"image": IMAGE, "alt": "One"}, {"image": IMAGE, "alt": "Two"}, {"alt": "no picture"}]}, (2, 2)),
        ({"video": {"$type": "blob"}, "alt": "A film"}, (0, 0)),
        ({"external": {"uri": "https://www.riverside.example", "title": "A page"}}, (0, 0)),
    ],
    ids=["none", "pictures", "beside a quote", "gallery", "film", "link"],
)
def test_of_own_posts_it_is_told_how_many_pictures_are_described(embed: Any, told: tuple[int, int]) -> None:
    record = {"embed": embed} if embed else {}
    [own, *_] = read_body({"feed": [{"post": post("p", days_ago(1), record=record)}]})
    assert isinstance(own, Record)
    assert (own.pictures, own.pictures_described) == told
    assert "toothbrush" not in str(own)


def finds() -> StandIn:
    platform = talk()
    name = {"text": "We go to Riverside Dental."}
    shy = author("did:plc:shy", labels=[{"val": "!no-unauthenticated"}])
    quoting = {"$type": "app.bsky.embed.record", "record": {"uri": uri("tea"), "cid": "b"}}
    with_media = {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": uri("tea"), "cid": "b"}}}
    mention = [{"index": {"byteStart": 0, "byteEnd": 4}, "features": [{"did": OWN}]}]
    platform.others = [
        post("f1", days_ago(1), STRANGER, record=name),
        post("f2", days_ago(1), "did:plc:shy", record=name, author=shy),
        post("f3", days_ago(1), "did:plc:shy", record={"text": "@you", "facets": mention}, author=shy),
        post("f4", days_ago(1), STRANGER, record=name | {"embed": quoting}),
        post("f5", days_ago(1), STRANGER, record=name | {"embed": with_media}),
        reply("f6", days_ago(1), STRANGER, uri("tea"), uri("a1", STRANGER), **name),
        post("f7", days_ago(1), OWN, record=name),
        post("f8", days_ago(1), STRANGER, record={"text": "Somewhere else"}),
        reply("f9", days_ago(80), STRANGER, uri("theirs", STRANGER), uri("theirs", STRANGER), **name),
    ]
    return platform


def test_finds_are_strangers_posts_that_mean_the_practice(data: DataDir) -> None:
    platform = finds()
    pull(data, platform)
    found = {row["item_id"].rpartition("/")[2]: row for row in rows(data, NIGHT, "post") if row["matched"]}
    assert {name: row["matched"] for name, row in found.items()} == {"f1": "name", "f3": "handle", "f9": "name"}
    assert {row["place"] for row in found.values()} == {"Bluesky"}
    assert found["f3"]["mentions"] == ["practice"]
    left_out = [row["value"] for row in rows(data, NIGHT, "metric") if row["metric"] == "left_out"]
    assert sum(left_out) == 1, "who does not wish to be shown without a login is counted, not read"
    queries = asked(platform, "searchPosts")
    assert [(query["q"], query.get("mentions")) for query in queries] == [
        (['"Riverside Dental"'], None),
        (["riverside.example"], [OWN]),
    ]
    assert {query["since"][0] for query in queries} == {"2026-08-02T00:00:00Z"}


def test_a_find_is_looked_at_again_whether_the_search_lists_it_or_not(data: DataDir) -> None:
    platform = finds()
    pull(data, platform)
    platform.asked.clear()
    pull(data, platform, LATER)
    assert {query["since"][0] for query in asked(platform, "searchPosts")} == {"2026-10-29T00:00:00Z"}
    platform.others = [item for item in platform.others if not item["uri"].endswith("f9")]
    pull(data, platform, SWEEP)
    state = {row["item_id"].rpartition("/")[2]: row["state"] for row in rows(data, SWEEP, "post")}
    assert (state["f1"], state["f9"]) == (None, "removed")


@pytest.mark.parametrize(
    ("record", "how"),
    [
        (
            {
                "facets": [
                    {"index": {"byteStart": 0, "byteEnd": 5}, "features": [{"uri": "https://riverside.example/a"}]}
                ]
            },
            "link",
        ),
        ({"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://www.riverside.example"}}}, "link"),
        ({"text": "@riverside.example is good"}, "handle"),
        ({"text": "Riverside Dental is good"}, "name"),
        ({"text": "by the riverside"}, None),
    ],
)
def test_by_what_a_find_means_the_practice(record: dict[str, Any], how: str | None) -> None:
    practice = {
        "id": "riverside",
        "name": "Riverside Dental",
        "bluesky": StandIn.block,
        "handles": ("riverside.example",),
    }
    websites = ("riverside.example",) if how == "link" else ()
    practices = Practices.model_validate({"practice": [practice | {"websites": websites}]})
    found = read_body({"posts": [post("f", days_ago(1), STRANGER, record=record)]}, practices=practices)
    assert [item.matched for item in found if isinstance(item, Record) and item.kind == "post"] == (
        [how] if how else []
    )


def test_links_are_told_in_full_by_the_bytes_at_which_they_stand() -> None:
    text = "Käse 🧀 at cheese.example/how-to… 🦷"
    start = len("Käse 🧀 at ".encode())
    end = start + len("cheese.example/how-to…".encode())
    record = {
        "text": text,
        "facets": [
            {
                "index": {"byteStart": start, "byteEnd": end},
                "features": [{"uri": "https://cheese.example/how-to-slice"}],
            }
        ],
    }
    [told, *_] = read_body({"feed": [{"post": post("p", days_ago(1), record=record)}]})
    assert isinstance(told, Record)
    assert told.text == "Käse 🧀 at https://cheese.example/how-to-slice 🦷"


@given(text=st.text(max_size=30), ends=st.lists(st.tuples(st.integers(-3, 90), st.integers(-3, 90)), max_size=5))
def test_offsets_that_lie_spoil_no_text(text: str, ends: list[tuple[int, int]]) -> None:
    facets = [{"index": {"byteStart": a, "byteEnd": b}, "features": [{"uri": "https://x.example"}]} for a, b in ends]
    found = read_body({"feed": [{"post": post("p", days_ago(1), record={"text": text, "facets": facets})}]})
    told = next(item for item in found if isinstance(item, Record))
    kept = (told.text or "").split("https://x.example")
    remaining = text
    for part in kept:
        assert part in remaining
        remaining = remaining[remaining.index(part) + len(part) :]


def test_a_link_within_a_character_is_left_alone() -> None:
    facets = [{"index": {"byteStart": 1, "byteEnd": 2}, "features": [{"uri": "https://x.example"}]}]
    [told, *_] = read_body({"feed": [{"post": post("p", days_ago(1), record={"text": "é", "facets": facets})}]})
    assert isinstance(told, Record)
    assert told.text == "é"


def test_posts_are_asked_for_again_twenty_five_at_once(data: DataDir) -> None:
    platform = StandIn(0)
    platform.own = [post(f"p{number:02d}", days_ago(5 + number / 10)) for number in range(30)]
    pull(data, platform)
    platform.own = []
    pull(data, platform, LATER)
    assert [len(query["uris"]) for query in asked(platform, "getPosts")] == [25, 5]
    assert {row["state"] for row in rows(data, LATER, "post")} == {"removed"}


def test_a_session_is_renewed_from_night_to_night_and_its_token_is_used_once(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    pull(data, platform, LATER)
    pull(data, platform, SWEEP)
    assert (platform.opened, platform.renewed) == (1, 2)
    kept = json.loads((data.tokens / "bluesky.json").read_text())
    assert [kept["token"]["refresh"]] == [*platform.live], "the newest token is on disk"


def test_the_new_token_is_on_disk_before_it_is_used(data: DataDir) -> None:
    platform = StandIn(1)
    held: list[bool] = []
    search = platform.answer

    def answer(request: Any) -> Any:
        if request.path.endswith("searchPosts"):
            [newest] = platform.live
            held.append(newest in (data.root / "secrets/tokens/bluesky.json").read_text())
        return search(request)

    platform.answer = answer  # type: ignore[method-assign]
    pull(data, platform)
    pull(data, platform, LATER)
    assert held
    assert all(held)


def test_a_session_that_has_ended_is_opened_anew(data: DataDir) -> None:
    platform = StandIn(1)
    pull(data, platform)
    platform.live.clear()
    pull(data, platform, LATER)
    assert (platform.opened, platform.renewed) == (2, 0)


def test_a_session_that_ends_while_it_is_used_is_renewed_once(data: DataDir) -> None:
    platform = finds()
    platform.page_size = 3
    search = platform.answer
    ended: list[bool] = []

    def answer(request: Any) -> Any:
        if request.path.endswith("searchPosts") and request.one("cursor") == "3" and not ended:
            ended.append(True)
            platform.access = "hush-access-ended"
        return search(request)

    platform.answer = answer  # type: ignore[method-assign]
    pull(data, platform)
    assert (platform.opened, platform.renewed, len(ended)) == (1, 1, 1)
    assert {"f1", "f9"} <= {row["item_id"].rpartition("/")[2] for row in rows(data, NIGHT, "post")}


def test_a_wrong_password_is_told_as_one_without_the_platforms_sentence(data: DataDir) -> None:
    platform = StandIn(1)
    platform.token_answer = lambda request: (401, {}, b'{"error": "AuthenticationRequired", "message": "secret words"}')  # type: ignore[method-assign]
    with pytest.raises(SeveralFailed, match=r"AuthenticationRequired.*new app password") as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], BadKey)
    assert "secret" not in str(raised.value)


def test_a_public_account_needs_no_key(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    block = {**StandIn.block, "search": False}
    practices = Practices.model_validate(
        {"practice": [{"id": "riverside", "name": "Riverside Dental", "bluesky": block}]}
    )
    platform = talk()
    with serving(platform) as base:
        settings = configured(StandIn, base, monkeypatch)
        monkeypatch.delenv("RAPPORT_KEY_BLUESKY")
        assert fetch("bluesky", NIGHT, practices, data, settings, say=quiet).whole == 1
    assert (platform.opened, asked(platform, "searchPosts")) == (0, [])


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            (400, {}, b'{"error": "InvalidRequest", "message": "secret words"}'),
            UnknownName,
            r"Correct bluesky\.account",
        ),
        ((400, {}, b'{"error": "AccountTakedown", "message": "secret words"}'), UnknownName, "AccountTakedown"),
        ((400, {}, b'{"error": "BlockedActor", "message": "secret words"}'), ChangedShape, "400, BlockedActor"),
    ],
)
def test_a_refusal_says_what_to_do(answer: Any, error: type[Exception], words: str, data: DataDir) -> None:
    platform = StandIn(1)
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed, match=words) as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], error)
    assert "secret" not in str(raised.value)


def test_a_busy_network_says_when_to_come_back(data: DataDir) -> None:
    platform = StandIn(1)
    headers = {"RateLimit-Remaining": "0", "RateLimit-Reset": "1793448000", "Date": "Sat, 31 Oct 2026 11:00:00 GMT"}
    platform.refuse = [(429, headers, b'{"error": "RateLimitExceeded"}')]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, platform)
    assert raised.value.retry_after_seconds == 3600


def test_an_entry_of_the_feed_without_a_post_is_set_aside() -> None:
    found = read_body({"feed": [{"reason": {}}, {"post": post("p", days_ago(1))}]})
    assert [type(item) for item in found if not (isinstance(item, Record) and item.kind == "metric")] == [
        SetAside,
        Record,
    ]


def test_the_policy_is_the_strictest_that_lets_a_month_be_counted() -> None:
    policy = bluesky.SOURCE.policy
    assert (policy.keep_text_days, policy.keep_derived_days, policy.blendable) == (1, 30, False)


def read_body(body: Any, *, practices: Practices | None = None, did: str = OWN) -> list[Record | SetAside]:
    about = {"practice_id": "riverside", "account": "riverside.example"}
    receipt = Receipt(source="bluesky", night=NIGHT, label="riverside", about=about, keep={"did": did})
    page = SavedPage(path="pages/bluesky/x/riverside/0001.json.zst", body=json.dumps(body).encode(), receipt=receipt)
    return list(bluesky.read(page, practices or StandIn.practices()))


# What the recorded responses are that are no page of ours: answers about one record of any kind, a list of accounts, a
# handle's DID. Rapport asks for none of them.
_NOT_ASKED_FOR = {
    "custom_record.json",
    "extended_like_record.json",
    "extended_post_record.json",
    "feed_record.json",
    "get_follows.json",
    "like_record.json",
    "post_record.json",
    "resolve_handle.json",
}


@needs_shared
@pytest.mark.parametrize("path", sorted((CONTRACT / "recorded").glob("*/*.json")), ids=lambda path: path.name)
def test_every_recorded_response_is_read_or_refused_for_a_stated_reason(path: Path) -> None:
    held = json.loads(path.read_text(encoding="utf-8"))
    if path.name in _NOT_ASKED_FOR:
        with pytest.raises(ChangedShape):
            read_body(held)
        return
    if path.name == "did_doc.json":
        # It has what is wanted of an account but no counts, and missing is not zero.
        [metric] = read_body(held)
        assert isinstance(metric, Record)
        assert (metric.metric, metric.value) == ("followersCount", None)
        return
    shown = held["thread"]["post"]
    assert read_body(held) == [], "nobody has answered"
    below = {"thread": branch(post("root", days_ago(1)), held["thread"])}
    [comment] = read_body(below)
    [own, *metrics] = read_body({"feed": [{"post": shown}]}, did=shown["author"]["did"])
    assert isinstance(comment, Record)
    assert isinstance(own, Record)
    assert (comment.kind, comment.item_id, comment.parent_id) == ("comment", shown["uri"], uri("root"))
    assert (own.item_id, own.author_id, own.state) == (shown["uri"], shown["author"]["did"], None)
    assert own.created_at == dt.datetime.fromisoformat(shown["record"]["createdAt"])
    assert len(metrics) == 3, "bookmarks and quotes were not counted yet"


@pytest.fixture(scope="module")
def town() -> Iterator[TownServer]:
    with TownServer(build_town(), patient=True) as server:
        yield server


def test_the_town_is_read_as_it_stands_for_what_the_head_says_it_costs(
    town: TownServer, data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cost = bluesky.SOURCE.cost
    assert cost
    (tmp_path / "practices.toml").write_text(town.town.practices_toml(), encoding="utf-8")
    practices = load_practices(tmp_path / "practices.toml")
    settings = configured(StandIn, f"{town.base_url}/bluesky", monkeypatch)
    monkeypatch.setenv("RAPPORT_KEY_BLUESKY", json.dumps(GUESTS[0].key))
    for night in NIGHTS:
        town.log.clear()
        town.set_night(night)
        fetch("bluesky", night, practices, data, settings, say=quiet)
        read("bluesky", night, practices, data, say=quiet)
        [receipt] = data.receipts("bluesky", night)
        assert 5 < len(town.log) <= (cost.sweep_calls if receipt.complete else cost.calls)
        assert receipt.complete == (night != NIGHTS[2])
        assert receipt.quota_left == 2999
        standing = at(posts_of("riverside-dental", "bluesky", town.town.seed), pull_instant(night))
        recent = [told for told in standing if told.created_at > days_ago(89 if receipt.complete else 29, night)]
        kept = read_table(data.records("bluesky", night), RECORDS)
        assert {told.text for told in recent} <= {row["text"] for row in kept if row["by_practice"]}
        comments = [row for row in kept if row["kind"] == "comment"]
        assert len(comments) >= sum(len(told.comments) for told in recent) * 0.85 > 5, "but for what is blocked"
        assert {row["parent_id"] for row in comments} <= {row["item_id"] for row in kept}
        assert {"name"} == {row["matched"] for row in kept} - {None}
        [row] = read_table(data.completeness("bluesky", night), COMPLETENESS)
        assert (row["status"], row["set_aside"]) == ("ok", 0)
    opened = [seen.path for seen in town.log if "com.atproto.server" in seen.path]
    assert opened == ["/bluesky/xrpc/com.atproto.server.refreshSession"]


@needs_shared
def test_the_towns_answers_fit_the_lexicons_and_the_openapi_document(town: TownServer) -> None:
    lexicons, document = Lexicons(CONTRACT / "lexicons"), OpenApi(CONTRACT / "openapi" / "api.json")
    town.set_night(NIGHTS[0])
    records = 0
    with httpx.Client(base_url=f"{town.base_url}/bluesky", timeout=10) as http:

        def ask(target: str, headers: dict[str, str] | None = None) -> Any:
            answer = http.get(f"/xrpc/{target}", headers=headers).raise_for_status()
            method, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
            lexicons.check_params(method, query)
            document.check_request("GET", f"/xrpc/{method}", query)
            lexicons.check_output(method, answer.json())
            # The document has lost by which `$type` the parts of a union are told apart; the lexicons have not.
            if method not in ("app.bsky.feed.getAuthorFeed", "app.bsky.feed.getPostThread"):
                document.check_answer("GET", f"/xrpc/{method}", 200, answer.json())
            assert answer.headers["RateLimit-Policy"] == "3000;w=300"
            return answer.json()

        ask(f"app.bsky.actor.getProfile?actor={HANDLE}")
        feed = ask(f"app.bsky.feed.getAuthorFeed?actor={HANDLE}&limit=100&filter=posts_no_replies")["feed"]
        assert sum("reason" in item for item in feed) == 1
        for item in feed[:12]:
            lexicons.check_record("app.bsky.feed.post", item["post"]["record"])
            name = item["post"]["uri"]
            thread = ask(f"app.bsky.feed.getPostThread?uri={name}&depth=100&parentHeight=0")["thread"]
            for below in thread["replies"]:
                if "post" in below:
                    records += 1
                    lexicons.check_record("app.bsky.feed.post", below["post"]["record"])
            for quote in ask(f"app.bsky.feed.getQuotes?uri={name}&limit=100")["posts"]:
                lexicons.check_record("app.bsky.feed.post", quote["record"])
            ask(f"app.bsky.feed.getRepostedBy?uri={name}&limit=100")
        ask("app.bsky.feed.getPosts?" + "&".join(f"uris={item['post']['uri']}" for item in feed[:25]))
        key = {"identifier": HANDLE, "password": GUESTS[0].key["app_password"]}
        opened = http.post("/xrpc/com.atproto.server.createSession", json=key).json()
        lexicons.check_output("com.atproto.server.createSession", opened)
        renew = {"Authorization": f"Bearer {opened['refreshJwt']}"}
        renewed = http.post("/xrpc/com.atproto.server.refreshSession", headers=renew).json()
        lexicons.check_output("com.atproto.server.refreshSession", renewed)
        refused = http.post("/xrpc/com.atproto.server.refreshSession", headers=renew)
        assert (refused.status_code, refused.json()["error"]) == (400, "ExpiredToken")
        document.check_answer("POST", "/xrpc/com.atproto.server.refreshSession", 400, refused.json())
        since = stamp(days_ago(80, NIGHTS[0]))
        search = f"app.bsky.feed.searchPosts?q=Riverside&sort=latest&limit=100&since={since}"
        assert ask(search, {"Authorization": f"Bearer {renewed['accessJwt']}"})["posts"]
        bare = http.get(f"/xrpc/{search}")
        assert (bare.status_code, bare.json()["error"]) == (401, "AuthMissing")
        document.check_answer("GET", "/xrpc/app.bsky.feed.searchPosts", 401, bare.json())
        nobody = http.get("/xrpc/app.bsky.actor.getProfile?actor=nobody.example")
        document.check_answer("GET", "/xrpc/app.bsky.actor.getProfile", 400, nobody.json())
    assert records > 10
    assert not lexicons.missing
    broken = json.loads(json.dumps(feed[0]))
    broken["post"]["cid"] = "no cid"
    with pytest.raises(jsonschema.ValidationError):
        lexicons.check_output("app.bsky.feed.getAuthorFeed", {"feed": [broken]})
    with pytest.raises(ValidationError):
        lexicons.check_output("app.bsky.feed.getAuthorFeed", {"feed": [{**feed[0], "likes": 3}]})


@needs_shared
def test_every_request_is_one_that_the_lexicons_know(data: DataDir) -> None:
    lexicons = Lexicons(CONTRACT / "lexicons")
    platform = finds()
    pull(data, platform)
    pull(data, platform, LATER)
    platform.others = []
    pull(data, platform, SWEEP)
    methods = set()
    for request in platform.asked:
        method = request.path.removeprefix("/xrpc/")
        methods.add(method.rpartition(".")[2])
        if request.method == "GET":
            lexicons.check_params(method, dict(request.query))
    assert methods == {
        "createSession", "refreshSession", "getProfile", "getAuthorFeed", "getPostThread", "getQuotes",
        "getRepostedBy", "searchPosts", "getPosts",
    }  # fmt: skip


def test_a_missing_key_is_one_finding_of_the_doctor_and_does_not_end_it(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = configured(StandIn, "http://127.0.0.1:1", monkeypatch)
    monkeypatch.delenv("RAPPORT_KEY_BLUESKY")
    with Client("bluesky", per_minute=6e6, attempts=1) as client:
        [(what, error)] = bluesky.check(StandIn.practices(), tools_for(StandIn, settings, client, data))
    assert what == "riverside"
    assert isinstance(error, NoKey)
