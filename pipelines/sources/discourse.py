"""Forums run on Discourse: topics that name a practice, and single posts that do, as the forum shows them to anybody.

Above a single post the opening of its topic is kept, because who asks whom to go to seldom names anybody. A forum that
several practices listen in is visited once for all of them. Most nights walk down its newest posts to the last one
known; a sweep searches for each practice's names and reads every topic of the window again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from pipelines.answers import (
    LARGEST_RECORD_BYTES,
    Advice,
    Id,
    Walk,
    batches,
    latest,
    links_of_html,
    readable,
    text_of_html,
    tried,
    word,
)
from pipelines.errors import ChangedShape, RapportError
from pipelines.kept import as_days, days
from pipelines.landing import SavedPage
from pipelines.mentions import Match, Matcher, host, matcher_of, search_phrases
from pipelines.policies import Policy
from pipelines.practices import Practice, Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Metric, Outcome, Page, Planned, Source, Tools, shared_visit, site_listing
from pipelines.talk import Reading, metrics, named

SOURCE = Source(
    name="discourse",
    title="Discourse",
    policy=Policy(
        # So what Rapport keeps is the strictest that still makes a monthly report.
        terms_seen="not read",
        terms_elsewhere="each forum has its own, at /tos of its address",
        keep_text_days=1,
        # Two sweeps of the window; what they do not list anew is gone.
        keep_derived_days=14,
        classify=True,
    ),
    gives=("posts", "comments", "mentions"),
    told=(
        "topics that name the practice, with all replies; single posts elsewhere that name it, and the opening above "
        "them; likes, views, replies",
        "private categories, unless the forum gives you a key; who liked; edits of topics older than 14 days before "
        "the next sweep",
        "nothing for a public forum; one visit a forum and night, whoever listens there; a weekly sweep of 90 days",
    ),
    site="discourse",
    # Each forum is asked at its own address, which stands in the practice's block.
    addresses={"api": ""},
    # 200 a minute and address by default, 60 with a key.
    per_minute=50,
    cost=Cost(calls=11, sweep_calls=40),
    metrics=(
        Metric(name="likes", meaning="likes"),
        Metric(name="views", meaning="views"),
        Metric(name="reply_count", meaning="comments"),
    ),
    key_fields=("api_key", "api_username"),
    window_days=90,
)
REREAD_DAYS = 14
CHUNK = 20
# `/posts.json` looks at the fifty ids below `before`, of which any number may be gone or private.
IDS_A_PAGE = 50
_LIKE = 2
_REGULAR = 1
# What was seen on the way to a topic; its posts are read from the topic.
_FOUND = "found.json"


class _Action(msgspec.Struct):
    id: int
    count: int = 0


class _Post(msgspec.Struct, kw_only=True):
    id: Id
    topic_id: Id
    post_number: int
    created_at: dt.datetime
    cooked: str = ""
    updated_at: dt.datetime | None = None
    username: str | None = None
    name: str | None = None
    post_type: int = _REGULAR
    reply_to_post_number: Id | None = None
    topic_slug: str = ""
    topic_title: str = ""
    actions_summary: list[_Action] | None = None
    hidden: bool = False
    user_deleted: bool = False
    deleted_at: dt.datetime | None = None

    @property
    def is_gone(self) -> bool:
        return self.hidden or self.user_deleted or self.deleted_at is not None


class _Latest(msgspec.Struct):
    latest_posts: list[msgspec.Raw]


class _Stream(msgspec.Struct):
    posts: list[msgspec.Raw]
    stream: list[Id] = []


class _Topic(msgspec.Struct):
    """A topic's first posts, or, without a title, more of its posts."""

    post_stream: _Stream
    id: Id
    title: str = ""
    views: int | None = None
    reply_count: int | None = None


class _Hit(msgspec.Struct):
    id: Id
    topic_id: Id


class _More(msgspec.Struct):
    more_full_page_results: bool | str | None = None
    error: str | None = None


class _Found(msgspec.Struct):
    grouped_search_result: _More
    posts: list[msgspec.Raw] = []


def visits(practices: Practices, exports: Path) -> list[Planned]:
    """Return one visit a forum, for all practices that listen in it, with the first key that one of them names."""
    forums: dict[str, dict[str, Practice]] = {}
    keys: dict[str, str] = {}
    for practice in practices.practice:
        for block in practice.discourse:
            forum = block.forum.rstrip("/")
            forums.setdefault(forum, {})[practice.id] = practice
            keys[forum] = keys.get(forum) or block.key
    return [
        shared_visit(
            label_of(forum),
            there,
            keys[forum],
            forum=forum,
            phrases="\n".join(dict.fromkeys(q for _, p in sorted(there.items()) for q in search_phrases(p))),
        )
        for forum, there in sorted(forums.items())
    ]


def label_of(forum: str) -> str:
    """Return a forum's label: its host, and its path if it has one."""
    parts = urlsplit(forum)
    return re.sub(r"[^a-z0-9]+", "-", f"{parts.netloc}{parts.path}".lower()).strip("-")


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Walk the newest posts down to the last one known, search on a sweep, and read the topics that name a practice.

    Topics in which a practice was named are read again for 14 days, on a sweep for all of the window. Raises SiteDown,
    BadKey, UnknownName or ChangedShape.
    """
    ask = _Asker(planned, tools)
    window = planned.days_ago(SOURCE.window_days or 0).date()
    recent = window if planned.sweep else planned.days_ago(REREAD_DAYS).date()
    matcher = matcher_of(planned.about["known"])
    topics = days(planned.kept.get("topics", ""), window)
    walked = yield from ask.walk(int(planned.kept.get("last", 0)))
    wanted = {topic for topic, named_on in topics.items() if named_on >= recent}
    naming = [post for post in walked if _found(post, matcher, ask.place)]
    wanted |= {str(post.topic_id) for post in naming}
    # An old topic is read again when somebody says something there.
    wanted |= topics.keys() & {str(post.topic_id) for post in walked}
    known = {*planned.kept.get("posts", "").split(), *(str(post.id) for post in naming)}
    if planned.sweep:
        for phrase in filter(None, planned.about["phrases"].split("\n")):
            hits = yield from ask.search(f"{phrase} after:{window} order:latest")
            wanted |= {str(hit.topic_id) for hit in hits}
            known |= {str(hit.id) for hit in hits}
    newest, posts, below = planned.since, set[str](), set[str]()
    for topic in sorted(wanted, key=int):
        meant = yield from ask.topic(topic, matcher, known)
        if meant:
            answers = (post for post in meant if post.post_number > 1)
            below |= {f"{topic}={match.practice_id}" for post in answers for match in _found(post, matcher, ask.place)}
            named_at = max(post.created_at for post in meant).astimezone(dt.UTC)
            topics[topic] = named_at.date()
            newest = latest(newest, named_at)
            posts |= {str(post.id) for post in meant if post.post_number > 1}
    last = max([int(planned.kept.get("last", 0)), *(int(post.id) for post in walked)])
    unread = {post for post in known if not planned.sweep}
    keep = {
        "last": str(last),
        "topics": as_days(topics),
        "posts": " ".join(sorted(posts | unread)),
        # A topic's title stands only on its first page, and what names a practice may stand on any.
        "below": " ".join(sorted(below)),
    }
    return Outcome(complete=planned.sweep, newest=newest, keep=keep)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Look at each forum's newest posts."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).get("/posts.json", {}, _Latest)
        return " can be read"

    return tried(visits(practices, tools.exports), lambda planned: planned.label, ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a topic's posts that belong to a practice, with their numbers. Raises ChangedShape."""
    reading = _Page(page)
    held = reading.fields()
    if "latest_posts" in held:
        # One that is too large is set aside where its topic is read.
        small = [raw for raw in reading.decoded(_Latest).latest_posts if len(bytes(raw)) <= LARGEST_RECORD_BYTES]
        yield from reading.records(small, _Post, "post", lambda post, at: ())
        return
    if "grouped_search_result" in held:
        reading.decoded(_Found)
        return
    topic = reading.decoded(_Topic)
    matcher = Matcher(practices.get(practice_id) for practice_id in page.receipt.practice_ids)
    posts: list[tuple[int, _Post]] = []
    for position, post in reading.each(topic.post_stream.posts, _Post, "post"):
        if isinstance(post, SetAside):
            yield post
        elif post.post_type == _REGULAR:
            posts.append((position, post))
    opening = next((post for _, post in posts if post.post_number == 1), None)
    opened = dict(_opened(opening, topic, matcher, reading.forum_host))
    for position, post in posts:
        # The opening comes with each further page too, to say what the topic is about; it is a record once.
        if post.post_number == 1 and not topic.title:
            continue
        meant = opened if post is opening else dict(_found(post, matcher, reading.forum_host))
        for practice_id in sorted(opened.keys() | meant.keys()):
            practice = practices.get(practice_id)
            yield from _records(post, topic, practice, meant.get(practice_id), reading, position)
        if post is opening:
            for practice_id in reading.named_below(topic.id, but=opened):
                record = next(_records(post, topic, practices.get(practice_id), None, reading, position))
                yield from reading.opening(record, SOURCE.window_days or 0)


class _Page(Reading):
    """A page of a forum, where that is, and below which openings the visit found a practice named."""

    def __init__(self, page: SavedPage) -> None:
        super().__init__(page, SOURCE.site)
        self.forum = self.about.get("forum", "")
        self.forum_host = host(self.forum)
        self._below = set(self.keep.get("below", "").split())

    def named_below(self, topic: Id, *, but: Collection[str]) -> list[str]:
        """Return the practices that a topic's answers name, but those that its opening names itself."""
        ids = sorted(self.page.receipt.practice_ids)
        return [name for name in ids if name not in but and f"{topic}={name}" in self._below]


def _records(
    post: _Post, topic: _Topic, practice: Practice, how: str | None, reading: _Page, position: int
) -> Iterator[Record]:
    forum = reading.forum
    accounts = {b.account.lower() for b in practice.discourse if b.account and b.forum.rstrip("/") == forum}
    is_opening = post.post_number == 1
    # A post is known by topic and number, as in its public address: a reply says its parent's number, never its id.
    thread = f"{topic.id}/1"
    item_id = f"{topic.id}/{post.post_number}"
    common = reading.at(position, practice.id) | {
        "created_at": post.created_at.astimezone(dt.UTC),
        "thread_id": thread,
        "place": reading.forum_host,
    }
    said: dict[str, Any] = {"state": "removed"}
    if not post.is_gone:
        author = (post.username or "").lower()
        mentioned = re.findall(r'class="mention" href="[^"]*/u/([^"/]+)"', post.cooked.lower())
        said = {
            "author_id": author or None,
            "author_name": post.name or post.username,
            "updated_at": (post.updated_at or post.created_at).astimezone(dt.UTC),
            "title": topic.title or None if is_opening else None,
            "text": text_of_html(post.cooked) or None,
            "url": f"{forum}/t/{topic.id}/{post.post_number}" if forum else None,
            "by_practice": author in accounts,
            "matched": how,
            "mentions": named(mentioned, accounts),
        }
    answers = post.reply_to_post_number or 1
    yield Record(
        kind="post" if is_opening else "comment",
        item_id=item_id,
        parent_id=None if is_opening else f"{topic.id}/{answers}",
        **common,
        **said,
    )
    if post.is_gone:
        return
    # Discourse leaves likes out where there are none, and leaves out the whole list where it does not say.
    likes = None
    if post.actions_summary is not None:
        likes = next((action.count for action in post.actions_summary if action.id == _LIKE), 0)
    counted = {"likes": likes} | ({"views": topic.views, "reply_count": topic.reply_count} if is_opening else {})
    yield from metrics(counted, common, post=item_id)


class _Asker(Asker):
    """Asks one forum."""

    advice = Advice(
        title="the forum",
        renew="Ask the forum's admin for a new API key",
        allow="The forum is private: ask its admin for an API key, and name it as `key` in the discourse block",
        correct="Correct the forum's address in practices.toml",
    )
    word_at = ("error_type",)

    def __init__(self, planned: Planned, tools: Tools) -> None:
        super().__init__(planned, tools)
        self.place = host(planned.about["forum"])

    def walk(self, last: int) -> Generator[Page, None, list[_Post]]:
        """Yield the newest posts down to `last`; the first time, when nothing is known, only the newest page."""
        found: dict[str, _Post] = {}
        before = 0
        while True:
            body = self.get("/posts.json", {"before": str(before)} if before else {}, _Latest)
            yield Page(body=body, suffix=_FOUND)
            page = {str(post.id): post for post in readable(self.decoded(body, _Latest).latest_posts, _Post)}
            if before and any(int(post) > before for post in page):
                raise ChangedShape("a page has posts of earlier pages: the walk would never end", where=self.where)
            found |= page
            lowest = min(map(int, page), default=0)
            # A page may be empty though there are older ones.
            lowest = lowest or before - IDS_A_PAGE
            before = min(lowest, before - 1) if before else lowest
            if not last or before <= last:
                return [post for name, post in found.items() if int(name) > last]

    def search(self, query: str) -> Generator[Page, None, list[_Hit]]:
        """Yield the pages of a search and return what it finds."""
        walk, found, number = Walk(self.where, what="hit"), list[_Hit](), 1
        while True:
            body = self.get("/search.json", {"q": query, "page": str(number)}, _Found)
            yield Page(body=body, suffix=_FOUND)
            page = self.decoded(body, _Found)
            hits = readable(page.posts, _Hit)
            walk.add((hit.id, None) for hit in hits)
            found += hits
            if not page.grouped_search_result.more_full_page_results:
                return found
            number = int(walk.turn(str(number + 1)))

    def topic(self, topic: str, matcher: Matcher, known: set[str]) -> Generator[Page, None, list[_Post]]:
        """Yield a topic, whole if its opening names a practice, else as far as posts of it are `known` to name one.

        Returns the posts that mean a practice.
        """
        answer = self._answer(f"/t/{topic}.json", [])
        if answer.status_code in (403, 404, 410) and word(answer, "error_type"):
            # Deleted, or moved where the public does not come: not there any more.
            return []
        body = self.good(answer)
        held = self.decoded(body, _Topic)
        yield Page(body=body)
        posts = _posts(held)
        opening = next((post for post in posts.values() if post.post_number == 1), None)
        named = _opened(opening, held, matcher, self.place)
        first = str(opening.id) if opening else ""
        rest = [str(post) for post in held.post_stream.stream if str(post) not in posts]
        rest = rest if named else [post for post in rest if post in known]
        for some in batches(rest, CHUNK - 1):
            ids = [*([first] if first else []), *some]
            body = self.good(self._answer(f"/t/{topic}/posts.json", [("post_ids[]", post) for post in ids]))
            chunk = self.decoded(body, _Topic)
            yield Page(body=body)
            posts |= _posts(chunk)
        return [post for post in posts.values() if named or _found(post, matcher, self.place)]

    def get(self, path: str, params: dict[str, str], shape: type[Any]) -> bytes:
        body = self.good(self._answer(path, list(params.items())))
        self.decoded(body, shape)
        return body

    def _answer(self, path: str, params: list[tuple[str, str]]) -> httpx.Response:
        headers = {"Accept": "application/json"}
        # Only a key that is named for this forum goes there: there is no common key for all forums.
        if self.planned.key:
            key = self.key()
            headers |= {"Api-Key": key["api_key"], "Api-Username": key["api_username"]}
        url = f"{self.tools.at(self.planned.about['forum'])}{path}"
        return self.request("GET", url, params=params, headers=headers)


def _posts(topic: _Topic) -> dict[str, _Post]:
    return {str(post.id): post for post in readable(topic.post_stream.posts, _Post)}


def _opened(opening: _Post | None, topic: _Topic, matcher: Matcher, place: str) -> list[Match]:
    """Return the practices a topic is about: those its title or its opening names."""
    title = topic.title or (opening.topic_slug if opening else "")
    cooked = opening.cooked if opening and not opening.is_gone else ""
    return _meant(f"{title}\n{text_of_html(cooked)}", cooked, matcher, place)


def _found(post: _Post, matcher: Matcher, place: str) -> list[Match]:
    text = f"{post.topic_title if post.post_number == 1 else ''}\n{text_of_html(post.cooked)}"
    is_said = post.post_type == _REGULAR and not post.is_gone
    return _meant(text, post.cooked, matcher, place) if is_said else []


def _meant(text: str, cooked: str, matcher: Matcher, place: str) -> list[Match]:
    return matcher.find(text, links=links_of_html(cooked), place=place)
