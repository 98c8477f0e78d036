"""Feeds: own blogs and others', WordPress, comments, cached answers, redirects, and a parser's own test documents."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.answers import pictures_of_html
from pipelines.errors import ChangedShape, SeveralFailed
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices
from pipelines.read import read
from pipelines.records import Record, SetAside
from pipelines.sources import feeds
from tests.conftest import SHARED
from tests.sources.stand_in import NIGHT, Item, Request, found_in, pull, receipts, records_in
from tests.sources.stand_in_feeds import FEED, StandIn, atom, entry

NEXT = NIGHT.replace(month=11, day=2)
DOCUMENTS = SHARED / "contracts" / "rss_atom"
YOUNG = "2026-10-30T10:00:00Z"
BLOG = "https://blog.riverside.example"


class Others(StandIn):
    """Somebody else's feed, listened to for two practices."""

    @classmethod
    def practices(cls) -> Practices:
        listens = {"feeds": [{"url": FEED}]}
        one = {"id": "riverside", "name": "Riverside Dental", **listens}
        other = {"id": "harbor", "name": "Harbor Family Medicine", **listens}
        return Practices.model_validate({"practice": [one, other]})


class WordPress(StandIn):
    """The practice's own blog, as a WordPress site: `posts` and `said`, in pages of `page_size`."""

    block = [{"url": BLOG, "own": True, "wordpress": True}]  # noqa: RUF012

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.said: list[dict[str, Any]] = []
        self.silent = False

    def answer(self, request: Request) -> Any:
        what = request.path.rpartition("/")[2]
        assert request.path.startswith("/blog.riverside.example/wp-json/wp/v2/")
        things = [self.post(number) for number in range(self.count, 0, -1)]
        if what == "comments":
            wanted = request.one("post").split(",")
            things = [comment for comment in self.said if str(comment["post"]) in wanted]
        pages = -(-len(things) // self.page_size)
        number = int(request.one("page"))
        if number > max(1, pages):
            return 400, {}, b'{"code": "rest_post_invalid_page_number", "data": {"status": 400}}'
        shown = things[(number - 1) * self.page_size :][: self.page_size]
        headers = {} if self.silent else {"X-WP-Total": str(len(things)), "X-WP-TotalPages": str(pages)}
        return 200, headers, json.dumps(shown).encode()

    def post(self, number: int) -> dict[str, Any]:
        written = (dt.datetime(2026, 10, 20) + dt.timedelta(hours=number)).isoformat()
        content = {"rendered": "<p>Twice a day &amp; gently.</p>", "protected": False}
        return {
            "id": number, "date_gmt": written, "modified_gmt": written, "link": f"{BLOG}/{number}/", "author": 7,
            "title": {"rendered": "Brushing &#8211; again"}, "content": content,
        }  # fmt: skip


def comment(number: int, post: int, **said: Any) -> dict[str, Any]:
    return {
        "id": number, "post": post, "parent": 0, "author": 0, "author_name": "Mira", "date_gmt": "2026-10-29T08:00:00",
        "content": {"rendered": "<p>Thank you.</p>"}, "link": f"{BLOG}/{post}/#comment-{number}", "status": "approved",
    } | said  # fmt: skip


@pytest.mark.parametrize("silent", [False, True], ids=["told how many pages", "to the refusal"])
def test_a_wordpress_blog_is_read_whole_with_its_comments(silent: bool, data: DataDir) -> None:
    platform = WordPress(7, 3)
    platform.silent = silent
    platform.said = [
        comment(1, 2), comment(2, 2, parent=1, author=7, author_name="Front desk"), comment(3, 5, status="hold"),
    ]  # fmt: skip
    pull(data, platform)
    posts = {record.item_id: record for record in records_in(data, platform, "post")}
    assert sorted(posts) == [str(number) for number in range(1, 8)]
    assert (posts["1"].title, posts["1"].text) == ("Brushing – again", "Twice a day & gently.")
    assert all(post.by_practice and post.place is None and post.matched is None for post in posts.values())
    first, answer = records_in(data, platform, "comment")
    assert (first.item_id, first.parent_id, first.thread_id, first.by_practice) == ("comment 1", "2", "2", False)
    assert (answer.parent_id, answer.by_practice, answer.author_id) == ("comment 1", True, "practice")
    asked = [request for request in platform.asked if request.path.endswith("/posts")]
    assert asked[0].one("modified_after") == "2026-08-02T00:00:00Z"
    assert len(asked) == 4 if silent else 3


def test_a_field_that_wordpress_never_had_is_noted_once_and_without_its_value(data: DataDir) -> None:
    said: list[str] = []
    platform = WordPress(2)
    nights: list[Item] = [{}, {"brandNew": "secret words"}, {"brandNew": 2}]
    for day, more in enumerate(nights):
        platform.new_fields = more
        night = NIGHT + dt.timedelta(days=day)
        pull(data, platform, night)
        read("feeds", night, platform.practices(), data, say=said.append)
    assert [line for line in said if "new fields" in line] == [
        "warning: feeds has new fields, which are not read: brandNew"
    ]


def test_a_later_night_asks_for_what_was_changed_and_for_young_posts_comments(data: DataDir) -> None:
    platform = WordPress(2)
    pull(data, platform)
    platform.asked.clear()
    pull(data, platform, NEXT)
    posts, comments = platform.asked
    assert posts.one("modified_after") == "2026-10-18T02:00:00Z"
    assert comments.one("post") == "1,2"
    platform.asked.clear()
    platform.count = 0
    pull(data, platform, NIGHT.replace(month=11, day=5))
    assert [request.path.rpartition("/")[2] for request in platform.asked] == ["posts"], "after 14 days nobody asks"


def test_of_others_only_what_names_a_practice_is_read(data: DataDir) -> None:
    platform = Others(3)
    platform.titles = ["Bread", "Riverside Dental or Harbor Family Medicine?", "Riverside Dental"]
    platform.comments[2] = [entry("c1", "Re", "<p>The first.</p>", YOUNG, answers(2))]
    pull(data, platform)
    [receipt] = receipts(data, platform)
    assert receipt.practice_ids == ["harbor", "riverside"]
    found = {(r.practice_id, r.item_id.rpartition(":")[2]) for r in records_in(data, platform, "post")}
    assert found == {("riverside", "2"), ("harbor", "2"), ("riverside", "3")}
    assert all(r.matched == "name" and r.place == "blog.riverside.example" for r in records_in(data, platform, "post"))
    assert not records_in(data, platform, "comment"), "a post of the first of October is older than a fortnight"


def answers(number: int) -> str:
    return f'<thr:in-reply-to ref="tag:blog.riverside.example,2026:{number}"/>'


class Young(StandIn):
    def instant(self, number: int) -> dt.datetime:
        return dt.datetime(2026, 10, 28, tzinfo=dt.UTC) + dt.timedelta(minutes=number)


def test_comments_stand_below_their_post_by_what_they_answer_or_by_its_address(data: DataDir) -> None:
    platform = Young(2)
    address = f'<link rel="alternate" href="{BLOG}/2#comment-9"/>'
    platform.comments[2] = [
        entry("c1", "Re", "<p>One.</p>", YOUNG, answers(2)),
        entry("c2", "Re", "<p>Two.</p>", YOUNG, address),
        entry("c3", "Re", "<p>Three.</p>", YOUNG, '<thr:in-reply-to ref="c1"/>' + address),
        entry("c4", "Re", "<p>Nobody knows.</p>", YOUNG),
    ]
    pull(data, platform)
    said = {record.item_id: record for record in records_in(data, platform, "comment")}
    post = "tag:blog.riverside.example,2026:2"
    assert {name: record.parent_id for name, record in said.items()} == {"c1": post, "c2": post, "c3": "c1"}
    assert {record.thread_id for record in said.values()} == {post}
    [aside] = [item for item in found_in(data, platform) if isinstance(item, SetAside)]
    assert (aside.where, aside.practice_id) == ("entry 4", "riverside")


def test_a_feed_that_has_not_changed_is_not_read_again(data: DataDir) -> None:
    platform = StandIn(3)
    platform.tag = '"one"'
    pull(data, platform)
    assert "if-none-match" not in platform.asked[0].headers
    pull(data, platform, NEXT)
    last = platform.asked[-1]
    assert last.headers["if-none-match"] == '"one"'
    assert last.headers["if-modified-since"] == "Fri, 30 Oct 2026 09:00:00 GMT"
    assert receipts(data, platform, NEXT)[0].pages == []
    third = NIGHT.replace(month=11, day=3)
    platform.count, platform.titles, platform.tag = 4, [*platform.titles, "New"], '"two"'
    pull(data, platform, third)
    assert platform.asked[-1].headers["if-none-match"] == '"one"', "a tag is kept over nights without news"
    assert len(records_in(data, platform, "post", third)) == 4


def test_nothing_that_is_missing_is_called_removed(data: DataDir) -> None:
    platform = StandIn(3)
    pull(data, platform)
    assert not receipts(data, platform)[0].complete
    assert not feeds.listing(receipts(data, platform)[0], platform.practices()).complete


def test_a_redirect_is_followed_five_times_and_no_further(data: DataDir) -> None:
    platform = StandIn(1)
    moved = [(301, {"Location": f"/moved/{number}"}, b"") for number in range(5)]
    platform.refuse = list(moved)
    platform.other["/moved/4"] = atom(entry("e", "Moved", "<p>Here.</p>", YOUNG))
    pull(data, platform)
    assert [record.item_id for record in records_in(data, platform, "post")] == ["e"]
    for refused in ([*moved, (302, {"Location": "/moved/5"}, b"")], [(302, {"Location": "ftp://x.example/f"}, b"")]):
        platform.refuse = refused
        with pytest.raises(SeveralFailed) as raised:
            pull(data, platform, NEXT)
        assert isinstance(raised.value.failures[0], ChangedShape)


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        ("yesterday", "no date that can be read"),
        ("1970-01-01T00:00:00Z", "a date before there were feeds"),
        ("0001-01-01T00:00:00Z", "a date before there were feeds"),
    ],
)
def test_an_entry_with_a_bad_date_is_set_aside(published: str, reason: str, data: DataDir) -> None:
    platform = StandIn(1)
    platform.other["/feed.xml"] = atom(entry("a", "Good", "x", YOUNG) + entry("b", "Bad", "secret words", published))
    pull(data, platform)
    good, bad = found_in(data, platform)
    assert isinstance(good, Record)
    assert isinstance(bad, SetAside)
    assert (bad.where, bad.reason) == ("entry 2", reason)


def test_of_the_own_blog_it_is_told_how_many_pictures_are_described() -> None:
    html = (
        '<p>How to brush</p><img src="a.jpg" alt="A toothbrush"><IMG src="b.jpg" alt=""><img src="c.jpg">'
        '<figure><a href="d.jpg"><img src="d.jpg" alt=""></a><figcaption>Small circles</figcaption></figure>'
        "<figure><img src='e.jpg'></figure>"
        # no pictures to a reader
        '<img src="f.gif" width="1" height="1"><img class="wp-smiley" src="g.svg" alt=":)"><img src="h" height="0px">'
        '<img role="presentation" src="i.png" alt=""><img aria-hidden="true" src="j.png">'
    )
    assert pictures_of_html(html) == ["A toothbrush", "", "", "Small circles", ""]
    assert pictures_of_html("<p>An <i>img</i> of words</p>") == []


def test_pictures_of_others_are_not_looked_at(data: DataDir) -> None:
    html = 'Riverside Dental <img src="a.jpg" alt="A toothbrush"> <img src="b.jpg">'
    own, others = StandIn(1), Others(1)
    own.other["/feed.xml"] = atom(entry("a", "Ours", html, YOUNG))
    pull(data, own)
    [ours] = records_in(data, own, "post")
    assert (ours.by_practice, ours.pictures, ours.pictures_described) == (True, 2, 1)
    assert "toothbrush" not in str(ours)
    others.other["/feed.xml"] = atom(entry("a", "Theirs", html, YOUNG))
    pull(data, others, NEXT)
    [theirs] = records_in(data, others, "post", NEXT)
    assert (theirs.by_practice, theirs.pictures) == (False, None)


def rss(items: str) -> bytes:
    spaces = 'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
    return f'<rss version="2.0" {spaces}><channel><title>x</title>{items}</channel></rss>'.encode()


def test_an_rss_items_id_is_its_guid_else_its_link_else_a_digest(data: DataDir) -> None:
    platform = StandIn(1)
    date = "<pubDate>Fri, 30 Oct 2026 09:00:00 +0100</pubDate>"
    platform.other["/feed.xml"] = rss(
        f'<item><guid isPermaLink="false">?p=1</guid><link>{BLOG}/1</link>{date}'
        "<slash:comments>4</slash:comments></item>"
        f"<item><link>{BLOG}/2</link>{date}</item><item><title>Only a title</title>{date}</item>"
        f"<item><title>Only a title</title>{date.replace('09', '10')}</item>"
    )
    pull(data, platform)
    names = [record.item_id for record in records_in(data, platform, "post")]
    assert names[:2] == ["?p=1", f"{BLOG}/2"]
    assert len({*names[2:]}) == 2
    assert all(len(name) == 64 for name in names[2:])
    [counted] = records_in(data, platform, "metric")
    assert (counted.metric, counted.value, counted.parent_id) == ("slash:comments", 4, "?p=1")
    assert records_in(data, platform, "post")[0].created_at == dt.datetime(2026, 10, 30, 8, tzinfo=dt.UTC)


def test_the_parser_opens_neither_files_nor_addresses(data: DataDir, tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_bytes(atom(entry("e", "Secret", "x", YOUNG)))
    for body in (str(secret).encode(), f"file://{secret}".encode(), b"http://127.0.0.1:1/feed"):
        with pytest.raises(ChangedShape, match="no feed"):
            feeds._parsed(body, "here")
    outside = f'<!DOCTYPE feed [<!ENTITY x SYSTEM "file://{secret}">]>'.encode()
    told = feeds._parsed(outside + atom(entry("e", "&amp;x;", "y", YOUNG)).replace(b"&amp;x;", b"&x;"), "here")
    assert "Secret" not in str(told)


def test_a_bomb_of_entities_is_harmless() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE feed [<!ENTITY l0 "ha">{entities}]>'.encode() + atom(entry("e", "T", "x", YOUNG))
    told = feeds._parsed(bomb.replace(b">T<", b">&l9;<"), "here")
    assert len(str(told)) < 100_000


def test_half_a_feed_and_one_too_large_are_refused(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = StandIn(1)
    whole = atom(entry("e", "T", "x" * 300, YOUNG))
    for body, limit in ((whole[:-40], 10_000), (whole, 200)):
        monkeypatch.setattr(feeds, "LARGEST_FEED_BYTES", limit)
        platform.other["/feed.xml"] = body
        with pytest.raises(SeveralFailed) as raised:
            pull(data, platform)
        assert isinstance(raised.value.failures[0], ChangedShape)


# Documents that hold no feed as a platform sends it, by why they are refused.
REFUSED = {
    "this is no feed": {"rss_empty_document.xml"},
    "the feed is cut off": {"aaa_illformed.xml", "bozo_invalid-bytes-with-bom.xml", "rss_incomplete_cdata.xml"},
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_every_document_is_read_or_refused_for_a_reason() -> None:
    """A parser's own tests are full of what feeds do wrong: each is read, its entries set aside, or it is refused."""
    read, aside, refused = 0, dict[str, int](), dict[str, set[str]]()
    documents = [path for path in sorted(DOCUMENTS.rglob("*")) if path.is_file() and path.suffix != ".md"]
    for path in documents:
        about = {"practice_id": "riverside", "own": "riverside", "url": FEED}
        receipt = Receipt(source="feeds", night=NIGHT, label="x", about=about)
        page = SavedPage(path="pages/feeds/x/0001.xml", body=path.read_bytes(), receipt=receipt)
        try:
            found = list(feeds.read(page, StandIn.practices()))
        except ChangedShape as error:
            refused.setdefault(error.what, set()).add(path.name)
            continue
        read += 1
        for item in found:
            if isinstance(item, SetAside):
                aside[item.reason] = aside.get(item.reason, 0) + 1
            else:
                assert item.created_at
                assert item.item_id
    assert refused == REFUSED
    assert read == len(documents) - 4 > 300
    # Most of the documents are about something else than dates, and have none.
    assert aside == {"no date that can be read": 175}


def test_a_list_that_turns_in_circles_is_stopped_at_its_second_page(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, blog = StandIn(9, 3), WordPress(9, 3)
    feed.endless = True
    first = json.dumps([blog.post(9)]).encode()
    monkeypatch.setattr(blog, "answer", lambda asked: (200, {}, first))
    for platform in (feed, blog):
        with pytest.raises(SeveralFailed) as raised:
            pull(data, platform)
        assert isinstance(raised.value.failures[0], ChangedShape)
        assert len(platform.asked) == 2
