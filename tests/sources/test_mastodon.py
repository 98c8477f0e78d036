"""Mastodon: nights forward, sweeps back, conversations, finds and mentions, and nothing that is private."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from jsonschema.exceptions import ValidationError

from pipelines.answers import links_of_html, text_of_html
from pipelines.demo.conversation import at, posts_of
from pipelines.demo.conversation.mastodon import GUESTS
from pipelines.demo.server import TownServer
from pipelines.demo.town import NIGHTS, build_town, pull_instant
from pipelines.errors import BadKey, ChangedShape, SeveralFailed, UnknownName
from pipelines.fetch import fetch
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices, load_practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.sources import mastodon
from tests.conftest import SHARED, serving
from tests.sources.contract import OpenApi
from tests.sources.stand_in import NIGHT, configured, pull, receipts, records_in
from tests.sources.stand_in_mastodon import HOST, OWN, StandIn, account, status

CONTRACT = SHARED / "contracts" / "mastodon"
NEXT = NIGHT + dt.timedelta(days=1)
LATER = dt.date(2026, 11, 3)
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
MIRA = account("55", "mira@people.example", display_name="Mira")


def quiet(line: str) -> None:
    """Say nothing."""


def days_ago(days: float, night: dt.date = NIGHT) -> dt.datetime:
    return dt.datetime.combine(night, dt.time(), tzinfo=dt.UTC) - dt.timedelta(days=days)


def uri(number: int, name: str = "riverside") -> str:
    return f"https://{HOST}/users/{name}/statuses/{number}"


def answers(number: int, to: int, when: dt.datetime, **more: Any) -> dict[str, Any]:
    above = {"in_reply_to_id": str(to), "in_reply_to_account_id": OWN}
    return status(number, when, account=MIRA, **above | more)


def talk() -> StandIn:
    """Return a server with two posts, an old one and a new one with a conversation below it."""
    platform = StandIn(0)
    platform.own = [
        status(200, days_ago(2), replies_count=3, reblogs_count=1, content="<p>Tea?</p>"),
        status(100, days_ago(45)),
    ]
    platform.below["200"] = [
        answers(201, 200, days_ago(1.9), mentions=[{"id": OWN, "acct": "riverside"}]),
        status(
            202,
            days_ago(1.8),
            in_reply_to_id="201",
            in_reply_to_account_id="55",
            mentions=[{"id": "55", "acct": "mira@people.example"}],
        ),
        answers(203, 200, days_ago(1.7), visibility="private", content="<p>secret words</p>"),
    ]
    platform.boosted["200"] = [MIRA]
    return platform


def asked(platform: StandIn, ending: str) -> list[dict[str, list[str]]]:
    return [request.query for request in platform.asked if request.path.endswith(ending)]


def rows(data: DataDir, night: dt.date, kind: str) -> list[dict[str, Any]]:
    read("mastodon", night, StandIn.practices(), data, say=quiet)
    return [row for row in read_table(data.records("mastodon", night), RECORDS) if row["kind"] == kind]


def test_a_sweep_goes_back_ninety_days_and_the_night_after_forward_from_what_is_thirty_days_old(data: DataDir) -> None:
    platform = StandIn(0, 2)
    platform.own = [status(number, days_ago(120 - number)) for number in range(110, 0, -10)]
    pull(data, platform)
    [receipt] = receipts(data, platform)
    assert receipt.complete
    assert asked(platform, f"{OWN}/statuses")[0].keys() == {"limit", "exclude_reblogs", "exclude_replies"}
    assert [query["max_id"] for query in asked(platform, f"{OWN}/statuses")[1:]] == [["100"], ["80"], ["60"], ["40"]]
    assert receipt.newest == days_ago(10)
    platform.asked.clear()
    platform.own.insert(0, status(119, days_ago(0.5, LATER), favourites_count=0))
    platform.own[1]["favourites_count"] = 9
    pull(data, platform, LATER)
    # 90 was the newest that was thirty days old; an empty page without a header ends the way forward.
    assert [query["min_id"] for query in asked(platform, f"{OWN}/statuses")] == [["80"], ["100"], ["119"]]
    assert not receipts(data, platform, LATER)[0].complete
    metrics = {row["item_id"]: row["value"] for row in rows(data, LATER, "metric")}
    assert metrics[f"{uri(110)}/favourites_count"] == 9
    assert metrics[f"{uri(119)}/favourites_count"] == 0
    assert metrics["followers_count"] == 7
    assert f"{uri(110)}/quotes_count" not in metrics, "what a server does not give is missing, not zero"


def test_a_sweep_no_longer_lists_what_was_removed_and_a_night_hears_it_from_the_server(data: DataDir) -> None:
    platform = talk()
    platform.own = [*(platform.own or []), status(90, days_ago(60))]
    pull(data, platform)
    platform.own, platform.gone = platform.own[1:], {"200": 410}
    platform.key_is_anothers = True
    pull(data, platform, LATER)
    [gone] = [row for row in rows(data, LATER, "post") if row["state"] == "removed"]
    assert (gone["item_id"], gone["text"], gone["page"][-24:]) == (uri(200), None, "e/0003.gone-200.json.zst")
    sweep = NIGHT + dt.timedelta(days=8)
    platform.own, platform.gone = platform.own[:1], {"90": 404}
    pull(data, platform, sweep)
    assert receipts(data, platform, sweep)[0].complete
    assert [(row["item_id"], row["state"]) for row in rows(data, sweep, "post")] == [
        (uri(100), None),
        (uri(90), "removed"),
    ]
    assert not rows(data, sweep, "comment"), "what was below it is in no list any more"


def test_a_post_that_is_too_old_is_listed_as_long_as_somebody_answers_it(data: DataDir) -> None:
    """Otherwise a sweep would call young answers removed as soon as their post leaves the window."""
    platform = StandIn(0)
    platform.own = [status(100, days_ago(85), replies_count=1)]
    platform.below["100"] = [answers(101, 100, days_ago(3))]
    pull(data, platform)
    sweep = NIGHT + dt.timedelta(days=8)
    pull(data, platform, sweep)
    assert receipts(data, platform, sweep)[0].complete
    assert [row["item_id"] for row in rows(data, sweep, "comment")] == [uri(101, "mira")]
    much_later = NIGHT + dt.timedelta(days=90)
    platform.asked.clear()
    pull(data, platform, much_later)
    assert not asked(platform, "/context")


def test_a_conversation_is_a_tree_of_what_is_public(data: DataDir) -> None:
    pull(data, talk())
    first, second = rows(data, NIGHT, "comment")
    first, second = sorted((first, second), key=lambda row: row["item_id"])
    assert (first["item_id"], first["thread_id"], first["parent_id"]) == (uri(201, "mira"), uri(200), uri(200))
    assert (first["author_id"], first["author_name"]) == ("mira@people.example", "Mira")
    assert (first["mentions"], first["by_practice"]) == (["practice"], False)
    assert (second["item_id"], second["parent_id"], second["by_practice"]) == (uri(202), uri(201, "mira"), True)
    assert (second["author_id"], second["mentions"]) == (f"riverside@{HOST}", ["mira@people.example"])
    [share] = rows(data, NIGHT, "share")
    assert (share["parent_id"], share["author_id"]) == (uri(200), "mira@people.example")
    [post, _] = sorted(rows(data, NIGHT, "post"), key=lambda row: row["item_id"], reverse=True)
    assert (post["text"], post["url"], post["place"]) == ("Tea?", f"https://{HOST}/@riverside/200", None)


def test_an_edit_is_told_with_its_time_and_the_newer_text_is_kept(data: DataDir) -> None:
    platform = talk()
    pull(data, platform)
    assert platform.own
    platform.own[0] |= {"edited_at": "2026-10-31T08:00:00.000Z", "content": "<p>Tea or coffee?</p>"}
    pull(data, platform, LATER)
    [before] = [row for row in rows(data, NIGHT, "post") if row["item_id"] == uri(200)]
    [after] = [row for row in rows(data, LATER, "post") if row["item_id"] == uri(200)]
    assert (before["text"], after["text"]) == ("Tea?", "Tea or coffee?")
    assert before["created_at"] == after["created_at"] == before["updated_at"]
    assert after["updated_at"] == dt.datetime(2026, 10, 31, 8, tzinfo=dt.UTC)


def test_a_thread_that_may_be_cut_off_makes_no_complete_list(data: DataDir) -> None:
    platform = talk()
    platform.below["200"] = [answers(300 + number, 200, days_ago(1)) for number in range(60)]
    pull(data, platform)
    assert not receipts(data, platform)[0].complete


def finds() -> StandIn:
    platform = talk()
    name = {"content": "<p>We go to Riverside Dental.</p>", "account": MIRA}
    asks = account("77", "shy@people.example", indexable=False)
    platform.others = [
        status(310, days_ago(1), **name),
        status(309, days_ago(2), **name | {"account": asks}),
        status(308, days_ago(2), **name | {"account": asks | {"indexable": True, "noindex": True}}),
        status(307, days_ago(2), **name | {"account": asks | {"indexable": True, "discoverable": False}}),
        status(306, days_ago(2), **name | {"visibility": "private", "content": "<p>secret Riverside Dental</p>"}),
        status(305, days_ago(2), **name | {"in_reply_to_account_id": OWN, "in_reply_to_id": "1"}),
        status(304, days_ago(2), content="<p>Riverside Dental is us.</p>"),
        status(303, days_ago(2), content="<p>Somewhere else.</p>", account=MIRA),
        {**platform.below["200"][0], "id": "201", "in_reply_to_account_id": "55", "content": "<p>Riverside Dental</p>"},
    ]
    return platform


def test_finds_are_strangers_public_posts_that_mean_the_practice(data: DataDir) -> None:
    platform = finds()
    pull(data, platform)
    [found] = [row for row in rows(data, NIGHT, "post") if row["matched"]]
    assert (found["item_id"], found["matched"], found["place"]) == (uri(310, "mira"), "name", HOST)
    assert not found["by_practice"]
    left_out = [row["value"] for row in rows(data, NIGHT, "metric") if row["metric"] == "left_out"]
    assert left_out == [3, 0], "people who ask not to be found are counted, not read"
    assert {"q": ['"Riverside Dental"'], "type": ["statuses"], "limit": ["40"], "offset": ["0"]} in asked(
        platform, "/search"
    )
    held = b"".join(page.body for receipt in receipts(data, platform) for page in data.saved_pages(receipt))
    assert b"secret Riverside" not in held, "what a key shows beyond the public is not even kept"


@pytest.mark.parametrize(
    ("more", "how"),
    [
        ({"content": '<p><a href="https://www.riverside.example/hours">riverside…</a></p>'}, "link"),
        ({"card": {"url": "https://riverside.example/"}}, "link"),
        ({"mentions": [{"id": "4", "acct": "front_desk"}]}, "handle"),
        ({"spoiler_text": "Riverside Dental", "content": ""}, "name"),
        ({"content": "<p>dentists by the riverside</p>"}, None),
    ],
)
def test_by_what_a_find_means_the_practice(more: dict[str, Any], how: str | None) -> None:
    practice = {
        "id": "riverside",
        "name": "Riverside Dental",
        "websites": ("riverside.example",),
        "mastodon": StandIn.block,
    }
    practices = Practices.model_validate({"practice": [practice | {"handles": (f"front_desk@{HOST}",)}]})
    body = {"statuses": [status(1, days_ago(1), account=MIRA, **more)]}
    found = [
        item
        for item in read_body(body, "search", practices=practices)
        if isinstance(item, Record) and item.kind == "post"
    ]
    assert [item.matched for item in found] == ([how] if how else [])


def test_a_find_is_looked_at_again_until_its_server_says_it_is_gone(data: DataDir) -> None:
    platform = finds()
    pull(data, platform)
    found, platform.others = platform.others[0], []
    platform.mentions = [{"id": "8", "type": "mention", "status": found}]
    platform.key_is_anothers = True
    platform.gone = {"303": 410}
    pull(data, platform, LATER)
    assert (asked(platform, "/statuses/310"), asked(platform, "/statuses/303")) == ([{}], [{}])
    assert [row["item_id"] for row in rows(data, LATER, "post") if row["matched"]] == [uri(310, "mira")]
    assert not [row for row in rows(data, LATER, "post") if row["state"] == "removed"], "nobody here ever read 303"
    sweep = NIGHT + dt.timedelta(days=8)
    platform.asked.clear()
    platform.gone = {"310": 404}
    pull(data, platform, sweep)
    assert (asked(platform, "/statuses/310"), asked(platform, "/statuses/303")) == ([{}], [])
    assert receipts(data, platform, sweep)[0].complete
    assert not [row for row in rows(data, sweep, "post") if row["matched"]]


def test_private_finds_take_no_place_in_the_count_of_pages(data: DataDir) -> None:
    platform = StandIn(0, 2)
    name = {"content": "<p>Riverside Dental</p>", "account": MIRA}
    platform.others = [
        status(310 - number, days_ago(1), **name, visibility="private" if number < 3 else "public")
        for number in range(6)
    ]
    pull(data, platform)
    assert [query["offset"] for query in asked(platform, "/search")] == [["0"], ["2"], ["4"], ["6"]]
    assert len([row for row in rows(data, NIGHT, "post") if row["matched"]]) == 3


def test_a_search_that_gives_the_same_page_again_is_stopped(data: DataDir) -> None:
    class Repeating(StandIn):
        def answer(self, request: Any) -> Any:
            same = request._replace(query={**request.query, "offset": ["0"]})
            return super().answer(same if request.path.endswith("/search") else request)

    platform = Repeating(0)
    platform.others = [status(310, days_ago(1), account=MIRA, content="<p>Riverside Dental</p>")]
    with pytest.raises(SeveralFailed, match="would never end"):
        pull(data, platform)


def test_a_cursor_that_comes_twice_is_stopped_even_if_nothing_on_its_page_can_be_read(data: DataDir) -> None:
    class Stuck(StandIn):
        def page(self, request: Any, items: list[dict[str, Any]]) -> Any:
            return 200, {"Link": '<https://x.example/?max_id=5>; rel="next"'}, b'[{"id": ["no id"]}]'

    with pytest.raises(SeveralFailed, match="a page token came twice"):
        pull(data, Stuck(0))


def test_a_boost_is_no_post_even_where_a_server_lists_it(data: DataDir) -> None:
    platform = StandIn(0)
    boost = status(2, days_ago(1), content="", reblog=status(1, days_ago(2), account=MIRA))
    platform.own = [boost, status(1, days_ago(2))]
    pull(data, platform)
    assert [row["item_id"] for row in rows(data, NIGHT, "post")] == [uri(1)]


def test_mentions_are_read_if_the_key_is_the_accounts_own(data: DataDir) -> None:
    named = status(400, days_ago(1), account=MIRA | {"indexable": False}, mentions=[{"id": OWN, "acct": "riverside"}])
    private = named | {"id": "401", "visibility": "direct", "content": "<p>secret words</p>"}
    platform = talk()
    platform.mentions = [
        {"id": "9", "type": "mention", "status": private},
        {"id": "8", "type": "mention", "status": named},
    ]
    pull(data, platform)
    [found] = [row for row in rows(data, NIGHT, "post") if row["matched"]]
    assert (found["item_id"], found["matched"], found["mentions"]) == (uri(400, "mira"), "handle", ["practice"])
    held = b"".join(page.body for receipt in receipts(data, platform) for page in data.saved_pages(receipt))
    assert b'"direct"' not in held
    platform.key_is_anothers = True
    platform.asked.clear()
    pull(data, platform, LATER)
    assert not asked(platform, "/notifications"), "somebody else's mentions are nobody's business"


def without_search() -> Practices:
    block = {**StandIn.block, "search": False}
    return Practices.model_validate({"practice": [{"id": "riverside", "name": "Riverside Dental", "mastodon": block}]})


def test_a_public_account_needs_no_key_unless_its_server_demands_one(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = talk()
    with serving(platform) as base:
        settings = configured(StandIn, base, monkeypatch)
        monkeypatch.delenv("RAPPORT_KEY_MASTODON")
        assert fetch("mastodon", NIGHT, without_search(), data, settings, say=quiet).whole == 1
        platform.demands_key = True
        result = fetch("mastodon", LATER, without_search(), data, settings, say=quiet)
        assert (result.whole, result.skipped) == (0, 1)
        assert "the server shows nothing without a key" in result.why
        assert "RAPPORT_KEY_MASTODON is not set" in result.why
        monkeypatch.setenv("RAPPORT_KEY_MASTODON", json.dumps(StandIn.key))
        assert fetch("mastodon", LATER, without_search(), data, settings, say=quiet).whole == 1
    read("mastodon", LATER, without_search(), data, say=quiet)
    kept = read_table(data.records("mastodon", LATER), RECORDS)
    assert sum(row["kind"] == "comment" for row in kept) == 2
    held = b"".join(page.body for receipt in receipts(data, platform, LATER) for page in data.saved_pages(receipt))
    assert b"secret" not in held


@pytest.mark.parametrize("visibility", ["private", "direct", "a kind that is yet to come"])
def test_what_is_not_public_is_read_on_no_page_even_if_a_server_shows_it(visibility: str) -> None:
    name = "<p>Riverside Dental</p>"
    own = status(1, days_ago(1), visibility=visibility)
    strangers = status(2, days_ago(1), account=MIRA, content=name, visibility=visibility)
    assert not list(read_body([own, strangers], "statuses", account=OWN))
    assert not list(read_body([{"id": "1", "status": strangers}], "notifications", account=OWN))
    [left_out] = list(read_body({"statuses": [own, strangers]}, "search", account=OWN))
    assert isinstance(left_out, Record)
    assert left_out.kind == "metric"


@pytest.mark.parametrize(
    ("attached", "told"),
    [
        (None, (None, None)),
        ([], (0, 0)),
        (
            [
                {"type": "image", "description": "A toothbrush"},
                {"type": "image", "description": None},
                {"type": "gifv", "description": ""},
                {"type": "video", "description": "A film"},
                {"type": "image"},
            ],
            (4, 1),
        ),
    ],
    ids=["not told", "none", "some"],
)
def test_of_own_posts_it_is_told_how_many_pictures_are_described(
    attached: list[dict[str, Any]] | None, told: tuple[int | None, int | None]
) -> None:
    more = {} if attached is None else {"media_attachments": attached}
    [own, *_] = read_body([status(1, days_ago(1), **more)], "statuses", account=OWN)
    assert isinstance(own, Record)
    assert (own.pictures, own.pictures_described) == told
    assert "toothbrush" not in str(own)


def test_only_a_search_is_a_visit_too(data: DataDir) -> None:
    class Listener(StandIn):
        block = {"server": f"https://{HOST}", "search": True}  # noqa: RUF012, as its base has it

    platform = Listener(0)
    platform.others = finds().others[:1]
    pull(data, platform)
    assert {request.path.rpartition("/")[2] for request in platform.asked} == {"search"}
    assert [record.matched for record in records_in(data, platform, "post")] == ["name"]


def test_a_find_of_another_practice_is_not_this_ones() -> None:
    two = [
        {"id": "riverside", "name": "Riverside Dental", "mastodon": StandIn.block},
        {"id": "oak", "name": "Oak Harbor Dental"},
    ]
    body = {"statuses": [status(1, days_ago(1), account=MIRA, content="<p>Oak Harbor Dental</p>")]}
    found = list(read_body(body, "search", practices=Practices.model_validate({"practice": two})))
    assert [item.kind for item in found if isinstance(item, Record)] == ["metric"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((403, {}, b'{"error": "This action is outside the authorized scopes"}'), BadKey, "scope read"),
        ((404, {}, b'{"error": "Record not found"}'), UnknownName, r"Correct mastodon\.server and mastodon\.account"),
        ((422, {}, b'{"error": "secret sentence"}'), ChangedShape, "The server answered 422"),
    ],
)
def test_a_refusal_says_what_to_do(answer: Any, error: type[Exception], words: str, data: DataDir) -> None:
    platform = StandIn(1)
    platform.refuse = [answer]
    with pytest.raises(SeveralFailed, match=words) as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], error)
    assert "sentence" not in str(raised.value)


def test_a_wrong_key_is_told_as_one(data: DataDir) -> None:
    platform = StandIn(0)
    platform.demands_key = True
    platform.refuse = [(401, {}, b"{}"), (401, {}, b'{"error": "The access token is invalid"}')]
    with pytest.raises(SeveralFailed, match=r"refuses the key.*scope read") as raised:
        pull(data, platform)
    assert isinstance(raised.value.failures[0], BadKey)


def test_what_is_left_of_the_quota_is_told(data: DataDir) -> None:
    platform = StandIn(3)
    platform.mentions = [{"id": "8", "type": "mention", "status": status(400, days_ago(1), account=MIRA)}]
    pull(data, platform)
    assert receipts(data, platform)[0].quota_left == 250


def test_the_policy_is_the_strictest_that_lets_a_month_be_counted() -> None:
    policy = mastodon.SOURCE.policy
    assert (policy.keep_text_days, policy.keep_derived_days, policy.blendable) == (1, 30, False)


def test_html_is_told_as_its_reader_sees_it() -> None:
    html = '<p>One<br>two &amp; <a href="https://x.example/a"><span class="invisible">https://</span>x.example/a</a></p><p>#three</p>'
    assert text_of_html(html) == "One\ntwo & https://x.example/a\n\n#three"
    tagged = html + '<a class="mention hashtag" href="https://h.example/tags/x">#x</a>'
    assert links_of_html(tagged) == ["https://x.example/a"]
    assert text_of_html("notes.txt") == "notes.txt"


def read_body(body: Any, what: str, *, practices: Practices | None = None, **keep: str) -> Iterator[Record | SetAside]:
    about = {"practice_id": "riverside", **StandIn.block, "search": ""}
    receipt = Receipt(source="mastodon", night=NIGHT, label="riverside", about=about, keep=keep)
    page = SavedPage(
        path=f"pages/mastodon/x/riverside/0001.{what}.json.zst", body=json.dumps(body).encode(), receipt=receipt
    )
    yield from mastodon.read(page, practices or StandIn.practices())


# What each recorded address is to us; None is what we never ask for.
_RECORDED = (
    (r"/v1/accounts/lookup|/v1/accounts/\d+$|verify_credentials|/v1/accounts$", "account"),
    (r"/v1/accounts/\d+/statuses|/v1/timelines/tag", "statuses"),
    (r"/v1/statuses/\d+$|/v1/statuses$|/reblog$|/favourite$", "status"),
    (r"/v1/statuses/(\d+)/(reblogged_by|favourited_by)", "reblogs"),
    (r"/v1/notifications$", "notifications"),
    (r"/v2/search", "search"),
)


@needs_shared
@pytest.mark.parametrize("path", sorted((CONTRACT / "recorded").glob("*/*.json")), ids=lambda path: path.name)
def test_every_recorded_response_is_read_or_refused_for_a_stated_reason(path: Path) -> None:
    for recorded in json.loads(path.read_text(encoding="utf-8")):
        address, body = urlsplit(recorded["url"]).path.removeprefix("/api"), recorded["body"]
        what = next((what for pattern, what in _RECORDED if re.search(pattern, address)), None)
        if what is None:
            # Filters, relationships, instances, media: never asked for.
            continue
        if recorded["status"] != 200 or recorded["method"] == "DELETE" or "scheduled_at" in body:
            # A refusal is no page, what a deletion answers has its source in `text`, and what is yet to be posted
            # has none of it: none of these is asked for.
            assert recorded["method"] != "GET"
            continue
        many = body if isinstance(body, list) else [body]
        if address.endswith("/v1/accounts"):
            what = "reblogs"
        owner = "1" if what == "account" else owner_of(many)
        found = list(read_body(body, f"{what}-1" if what == "reblogs" else what, account=owner))
        assert not any(isinstance(item, SetAside) for item in found), address
        kinds = [item.kind for item in found if isinstance(item, Record)]
        if what == "statuses" or (what == "status" and is_opening(body)):
            opened = [item for item in many if is_opening(item) and item["account"]["id"] == owner]
            assert kinds.count("post") == len(opened)
            told = [item for item in found if isinstance(item, Record) and item.kind == "post"]
            assert all(item.text for item in told)
        if what == "reblogs":
            assert kinds == ["share"] * len(body)


def owner_of(many: list[Any]) -> str:
    return next((str(item["account"]["id"]) for item in many if isinstance(item, dict) and "account" in item), "1")


def is_opening(item: dict[str, Any]) -> bool:
    return not item.get("in_reply_to_id") and not item.get("reblog") and item["visibility"] in ("public", "unlisted")


@needs_shared
def test_an_edit_recorded_from_a_real_server_is_told_with_its_time() -> None:
    recorded = json.loads(
        (CONTRACT / "recorded/mastodon.py-entity-cassettes-flat/test_entity_status.flat.json").read_text()
    )
    edited = [item["body"] for item in recorded if item["body"].get("edited_at")]
    assert edited
    for body in edited:
        [post, *_] = list(read_body(body, "status", account=body["account"]["id"]))
        assert isinstance(post, Record)
        assert (post.item_id, post.title) == (body["uri"], body["spoiler_text"] or None)
        assert post.updated_at == dt.datetime.fromisoformat(body["edited_at"])
        assert "<" not in (post.text or "")


@pytest.fixture(scope="module")
def town() -> Iterator[TownServer]:
    with TownServer(build_town(), patient=True) as server:
        yield server


def pull_town(town: TownServer, data: DataDir, night: dt.date, patch: pytest.MonkeyPatch, tmp: Path) -> Practices:
    """Pull one night of the town; a practice of the town is the guest."""
    (tmp / "practices.toml").write_text(town.town.practices_toml(), encoding="utf-8")
    practices = load_practices(tmp / "practices.toml")
    town.set_night(night)
    settings = configured(StandIn, f"{town.base_url}/mastodon", patch)
    patch.setenv("RAPPORT_KEY_MASTODON", json.dumps(GUESTS[0].key))
    fetch("mastodon", night, practices, data, settings, say=quiet)
    read("mastodon", night, practices, data, say=quiet)
    return practices


def test_the_town_is_read_as_it_stands_for_what_the_head_says_it_costs(
    town: TownServer, data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cost = mastodon.SOURCE.cost
    assert cost
    for night in NIGHTS:
        town.log.clear()
        pull_town(town, data, night, monkeypatch, tmp_path)
        [receipt] = data.receipts("mastodon", night)
        assert 5 < len(town.log) <= (cost.sweep_calls if receipt.complete else cost.calls)
        assert receipt.complete == (night != NIGHTS[2])
        standing = at(posts_of("riverside-dental", "mastodon", town.town.seed), pull_instant(night))
        recent = [post for post in standing if post.created_at > days_ago(89 if receipt.complete else 29, night)]
        kept = read_table(data.records("mastodon", night), RECORDS)
        own = [row for row in kept if row["kind"] == "post" and row["by_practice"]]
        assert {post.text for post in recent} <= {row["text"] for row in own}
        said = sum(len(post.comments) for post in recent)
        comments = [row for row in kept if row["kind"] == "comment"]
        assert len(comments) >= said * 0.9 > 5, "but for answers whose question was deleted, all of them"
        assert {row["parent_id"] for row in comments} <= {row["item_id"] for row in kept}
        assert any(row["matched"] == "name" for row in kept)
        [row] = read_table(data.completeness("mastodon", night), COMPLETENESS)
        assert (row["status"], row["set_aside"]) == ("ok", 0)


@needs_shared
def test_requests_and_the_towns_answers_fit_the_openapi_document(town: TownServer) -> None:
    document = OpenApi(CONTRACT / "openapi" / "schema.json")
    town.set_night(NIGHTS[0])
    key = {"Authorization": "Bearer made-up-mastodon-token"}
    seen = set()
    with httpx.Client(base_url=f"{town.base_url}/mastodon/social.rapport.example", timeout=10) as http:

        def ask(target: str, status_code: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
            answer = http.get(target, headers=headers)
            assert answer.status_code == status_code, target
            url = urlsplit(target)
            document.check_request("GET", url.path, parse_qs(url.query))
            document.check_answer("GET", url.path, status_code, answer.json())
            assert dt.datetime.fromisoformat(answer.headers["X-RateLimit-Reset"]) > pull_instant(NIGHTS[0])
            seen.add(url.path.rpartition("/")[2])
            return answer

        own = ask("/api/v1/accounts/lookup?acct=riverside").json()["id"]
        listed = ask(f"/api/v1/accounts/{own}/statuses?limit=40&exclude_reblogs=true&exclude_replies=true")
        empty = ask(f"/api/v1/accounts/{own}/statuses?limit=40&min_id={listed.json()[0]['id']}")
        assert (empty.json(), "Link" in empty.headers) == ([], False)
        assert 'rel="prev"' in listed.headers["Link"]
        for post in listed.json():
            ask(f"/api/v1/statuses/{post['id']}")
            ask(f"/api/v1/statuses/{post['id']}/context")
            ask(f"/api/v1/statuses/{post['id']}/reblogged_by?limit=80")
        ask("/api/v2/search?q=Riverside&type=statuses&limit=40&offset=0", headers=key)
        ask("/api/v1/notifications?types[]=mention&limit=40", headers=key)
        ask("/api/v1/accounts/verify_credentials", headers=key)
        ask("/api/v1/statuses/1", 404)
        ask("/api/v1/accounts/lookup?acct=nobody", 404)
        ask("/api/v2/search?q=x", 401)
        ask("/api/v2/search?q=x", 401, {"Authorization": "Bearer wrong"})
        with pytest.raises(ValidationError):
            document.check_answer("GET", f"/api/v1/statuses/{own}", 200, {**listed.json()[0], "content": None})


@needs_shared
def test_every_request_is_one_that_the_openapi_document_knows(data: DataDir) -> None:
    document = OpenApi(CONTRACT / "openapi" / "schema.json")
    platform = finds()
    platform.mentions = [{"id": "8", "type": "mention", "status": status(400, days_ago(1), account=MIRA)}]
    pull(data, platform)
    platform.others = []
    platform.gone = dict.fromkeys(("310", "303", "400"), 404)
    pull(data, platform, LATER)
    for request in platform.asked:
        document.check_request(request.method, request.path.removeprefix(f"/{HOST}"), dict(request.query))
    assert {request.path.rpartition("/")[2] for request in platform.asked} >= {"search", "notifications", "310"}
