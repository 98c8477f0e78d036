"""Blogs and feeds: the practice's own, whole, and others as far as they name a practice; RSS, Atom or WordPress.

A feed shows its last few entries, so what it does not show is never taken for gone. It is parsed from the bytes of
our own client: the parser is never given an address. A feed that several practices name is asked for once.
"""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import io
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
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
    pictures_of_html,
    readable,
    text_of_html,
    tried,
    word,
)
from pipelines.errors import ChangedShape, RapportError
from pipelines.kept import as_text, remembered
from pipelines.landing import Receipt, SavedPage
from pipelines.mentions import Matcher, host, matcher_of
from pipelines.policies import Policy
from pipelines.practices import Practice, Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools, shared_visit
from pipelines.talk import Place, Reading, metric, pictured, utc

SOURCE = Source(
    name="feeds",
    title="Blogs and feeds",
    policy=Policy(
        terms_seen="not read",
        terms_elsewhere="each site has its own",
        keep_text_days=1,
        # A feed never lists again what it has dropped, so features live as long as the 90 days a report looks back on.
        keep_derived_days=90,
        classify=True,
    ),
    gives=("posts", "comments", "mentions"),
    told=(
        "posts of the practice's own blog and their comments; others' posts that name the practice, and what is said "
        "below them",
        "what a feed no longer shows, so no removals; comments of blogs without a feed for them; likes and views",
        "nothing; RSS, Atom or WordPress, once a night, and only if it has changed since",
    ),
    site="feeds",
    # Each feed is asked at its own address, which stands in the practice's block.
    addresses={"api": ""},
    per_minute=30,
    cost=Cost(calls=6, sweep_calls=6),
    metrics=(Metric(name="slash:comments", meaning="comments"),),
    window_days=90,
)
LARGEST_FEED_BYTES = 20_000_000
MOST_REDIRECTS = 5
MOST_PAGES = 50
REREAD_DAYS = 14
OVERLAP = dt.timedelta(days=2)
PAGE_SIZE = 100
# A date before there were feeds is a machine's zero, not a date.
_FIRST_DATE = dt.datetime(1995, 1, 1, tzinfo=dt.UTC)
_COMMENTS = "comments"


class _Thread(msgspec.Struct, kw_only=True):
    """A post whose comments are read for some nights: its id, its address, its feed of comments, and whose it is."""

    id: str
    url: str = ""
    comments: str = ""
    at: dt.datetime
    practices: list[str]


class _Entry(msgspec.Struct, kw_only=True):
    """An entry of a feed, whatever its format."""

    id: str
    url: str = ""
    title: str = ""
    html: str = ""
    author: str = ""
    created: dt.datetime | None = None
    updated: dt.datetime | None = None
    comments_feed: str = ""
    comments: int | None = None
    answers: tuple[str, ...] = ()


class _Rendered(msgspec.Struct):
    rendered: str = ""


class _WordPressPost(msgspec.Struct):
    id: Id
    date_gmt: dt.datetime
    modified_gmt: dt.datetime
    link: str
    title: _Rendered
    content: _Rendered
    author: int = 0


class _WordPressComment(msgspec.Struct):
    id: Id
    post: Id
    date_gmt: dt.datetime
    content: _Rendered
    parent: Id = 0
    author: int = 0
    author_name: str = ""
    link: str = ""
    status: str = "approved"


def visits(practices: Practices, exports: Path) -> list[Planned]:
    """Return one visit a feed, for all practices that name it."""
    feeds: dict[tuple[str, bool], dict[str, Practice]] = {}
    owners: dict[tuple[str, bool], set[str]] = {}
    for practice in practices.practice:
        for block in practice.feeds:
            feed = (block.url, block.wordpress)
            feeds.setdefault(feed, {})[practice.id] = practice
            owners.setdefault(feed, set()).update([practice.id] if block.own else [])
    return [
        shared_visit(
            label_of(url, wordpress),
            there,
            own=" ".join(sorted(owners[url, wordpress])),
            url=url,
            wordpress="yes" if wordpress else "",
        )
        for (url, wordpress), there in sorted(feeds.items())
    ]


def label_of(url: str, wordpress: bool) -> str:
    """Return a feed's label: its host, and a digest of all its address, which may hold what labels must not."""
    digest = hashlib.sha256(f"{url} {wordpress}".encode()).hexdigest()[:8]
    return f"{re.sub(r'[^a-z0-9]+', '-', urlsplit(url).netloc.lower())[:60]}-{digest}"


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=False, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Read a feed if it has changed, and the comments of its newer posts that belong to a practice.

    Raises SiteDown, UnknownName (nothing there) or ChangedShape (no feed, too large, cut off, too many redirects).
    """
    ask = _Asker(planned, tools)
    return (yield from (ask.wordpress() if planned.about["wordpress"] else ask.feed()))


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Read each feed once."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).look()
        return " can be read"

    return tried(visits(practices, tools.exports), lambda planned: planned.label, ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's posts or comments, as far as they belong to a practice. Raises ChangedShape."""
    reader = _Reader(page, practices)
    of_comments = f".{_COMMENTS}." in page.path
    if page.path.removesuffix(".zst").endswith(".json"):
        raws = reader.decoded(list[msgspec.Raw])
        yield from reader.wordpress_comments(raws) if of_comments else reader.wordpress_posts(raws)
        return
    yield from reader.entries(of_comments)


class _Reader(Reading):
    """Makes records of one page for the practices the feed was read for."""

    def __init__(self, page: SavedPage, practices: Practices) -> None:
        super().__init__(page, SOURCE.site)
        self._ids = page.receipt.practice_ids
        self._owners = self.about.get("own", "").split()
        self._matcher = Matcher(practices.get(practice_id) for practice_id in self._ids)
        self._host = host(self.about.get("url", ""))
        self._threads = _threads(self.keep)
        self._authors = set(self.keep.get("authors", "").split())

    def entries(self, of_comments: bool) -> Iterator[Record | SetAside]:
        for position, entry in enumerate(_parsed(self.page.body, self.where).entries, 1):
            read = _entry(entry)
            if isinstance(read, str):
                yield self.set_aside(f"entry {position}", read)
            elif of_comments:
                yield from self._comment_of_feed(read, position)
            else:
                yield from self._post(read, position)

    def wordpress_posts(self, raws: list[msgspec.Raw]) -> Iterator[Record | SetAside]:
        return self.records(raws, _WordPressPost, "post", lambda post, at: self._post(_entry_of(post), at["position"]))

    def wordpress_comments(self, raws: list[msgspec.Raw]) -> Iterator[Record | SetAside]:
        by_id = {thread.id: thread for thread in self._threads}

        def said(comment: _WordPressComment, place: Place) -> Iterator[Record]:
            if comment.status != "approved" or str(comment.post) not in by_id:
                return
            thread = by_id[str(comment.post)]
            parent = f"comment {comment.parent}" if comment.parent not in (0, "0") else thread.id
            entry = _Entry(
                id=f"comment {comment.id}",
                url=comment.link,
                html=comment.content.rendered,
                author=comment.author_name,
                created=utc(comment.date_gmt),
            )
            by_author = str(comment.author) in self._authors
            yield from self._comment(entry, thread, parent, place["position"], by_author)

        return self.records(raws, _WordPressComment, "comment", said)

    def _post(self, entry: _Entry, position: int) -> Iterator[Record]:
        matches = _named(entry, self._matcher, self._host)
        for practice_id in self._ids:
            own = practice_id in self._owners
            if not own and practice_id not in matches:
                continue
            common = self._common(practice_id, entry, position) | {"thread_id": entry.id}
            yield Record(
                kind="post",
                item_id=entry.id,
                title=entry.title or None,
                text=text_of_html(entry.html) or None,
                url=entry.url or None,
                by_practice=own,
                matched=None if own else matches[practice_id],
                **(pictured(pictures_of_html(entry.html)) if own else {}),
                author_id="practice" if own else entry.author.casefold() or None,
                author_name=entry.author or None,
                updated_at=entry.updated or entry.created,
                **common,
            )
            if entry.comments is not None:
                yield metric("slash:comments", entry.comments, common, post=entry.id)

    def _comment_of_feed(self, entry: _Entry, position: int) -> Iterator[Record | SetAside]:
        """Find the post a comment stands below: by what it says it answers, else by the address it shares with it."""
        address = entry.url.partition("#")[0]
        thread = next((t for t in self._threads if t.id in entry.answers or address in (t.url, t.id)), None)
        if thread is None:
            yield self.set_aside(f"entry {position}", "a comment that says of no post that it stands below it")
            return
        answers = [ref for ref in entry.answers if ref != thread.id and ref not in (thread.url, entry.id)]
        yield from self._comment(entry, thread, answers[0] if answers else thread.id, position, False)

    def _comment(self, entry: _Entry, thread: _Thread, parent: str, position: int, by_author: bool) -> Iterator[Record]:
        matches = _named(entry, self._matcher, self._host)
        for practice_id in thread.practices:
            ours = by_author and practice_id in self._owners
            yield Record(
                kind="comment",
                item_id=entry.id,
                parent_id=parent,
                thread_id=thread.id,
                text=text_of_html(entry.html) or None,
                url=entry.url or None,
                by_practice=ours,
                matched=matches.get(practice_id),
                author_id="practice" if ours else entry.author.casefold() or None,
                author_name=entry.author or None,
                updated_at=entry.updated or entry.created,
                **self._common(practice_id, entry, position),
            )

    def _common(self, practice_id: str, entry: _Entry, position: int) -> Place:
        place = None if practice_id in self._owners else self._host
        return self.at(position, practice_id) | {"created_at": entry.created, "place": place}


class _Asker(Asker):
    """Asks one site, without a key and without cookies."""

    advice = Advice(
        title="the site",
        renew="The feed is not public: take it out of practices.toml",
        allow="The site does not give the feed to programs: take it out of practices.toml, or ask its owner",
        correct="Correct the feed's address in practices.toml",
    )
    word_at = ("code",)

    def __init__(self, planned: Planned, tools: Tools) -> None:
        super().__init__(planned, tools)
        self._matcher = matcher_of(planned.about["known"])
        self._ids = planned.about["practice_id"].split()
        self._owners = planned.about["own"].split()
        self._threads = {thread.id: thread for thread in _threads(planned.kept)}
        self._newest = planned.since

    def look(self) -> None:
        if self.planned.about["wordpress"]:
            answer = self._get(f"{self._base}/posts", {"per_page": "1"}, {})
            self.decoded(self._whole(answer), list[msgspec.Raw])
        else:
            _parsed(self._whole(self._get(self.planned.about["url"], {}, {})), self.where)

    def feed(self) -> Generator[Page, None, Outcome]:
        """Yield the feed's pages, unless it is as it was, then the feeds of comments of its newer posts."""
        kept = self.planned.kept
        tags = {"If-None-Match": kept.get("etag", ""), "If-Modified-Since": kept.get("modified", "")}
        url = self.planned.about["url"]
        answer = self._get(url, {}, {name: value for name, value in tags.items() if value})
        tags = {"etag": kept.get("etag", ""), "modified": kept.get("modified", "")}
        if answer.status_code != 304:
            tags = {"etag": answer.headers.get("etag", ""), "modified": answer.headers.get("last-modified", "")}
            yield from self._pages(answer)
        for thread in [thread for thread in self._young() if thread.comments]:
            answer = self._get(thread.comments, {}, {})
            # Comments are closed with their feed; the post itself stays.
            if answer.status_code in (404, 410):
                continue
            body = self._whole(answer)
            _parsed(body, self.where)
            yield Page(body=body, suffix=f"{_COMMENTS}.xml")
        return self._outcome({name: value for name, value in tags.items() if value})

    def wordpress(self) -> Generator[Page, None, Outcome]:
        """Yield the posts that were changed since, then the comments of the newer ones. WordPress pages by number."""
        since = {"modified_after": self._floor.strftime("%Y-%m-%dT%H:%M:%SZ"), "orderby": "modified"}
        fields = {"_fields": "id,date_gmt,modified_gmt,link,title,content,author"}
        authors = set(self.planned.kept.get("authors", "").split())
        for body in self._numbered(f"{self._base}/posts", since | fields):
            yield Page(body=body)
            for post in readable(self.decoded(body, list[msgspec.Raw]), _WordPressPost):
                authors.add(str(post.author))
                self._note(_entry_of(post))
        posts = [thread.id for thread in self._young()]
        for some in batches(posts, PAGE_SIZE):
            asked = {"post": ",".join(some)}
            for body in self._numbered(f"{self._base}/comments", asked):
                self.decoded(body, list[msgspec.Raw])
                yield Page(body=body, suffix=f"{_COMMENTS}.json")
        return self._outcome({"authors": " ".join(sorted(authors - {"0"}))})

    @property
    def _floor(self) -> dt.datetime:
        """The instant back to which posts are read tonight. No night is a sweep: a feed never lists everything."""
        since = self.planned.since
        return since - OVERLAP if since else self.planned.days_ago(SOURCE.window_days or 0)

    def _young(self) -> list[_Thread]:
        """Return the posts whose comments are read tonight, by id."""
        young = {
            name: thread for name, thread in self._threads.items() if thread.at >= self.planned.days_ago(REREAD_DAYS)
        }
        self._threads = young
        return [young[name] for name in sorted(young)]

    @property
    def _base(self) -> str:
        return f"{self.planned.about['url'].rstrip('/')}/wp-json/wp/v2"

    def _pages(self, answer: httpx.Response) -> Generator[Page, None, None]:
        """Yield a feed and its further pages (rel="next") as far back as is asked for tonight."""
        walk, url = Walk(self.where, what="entry"), self.planned.about["url"]
        for _ in range(MOST_PAGES):
            body = self._whole(answer)
            parsed = _parsed(body, self.where)
            yield Page(body=body, suffix="xml")
            entries = [entry for raw in parsed.entries if isinstance(entry := _entry(raw), _Entry)]
            walk.add((entry.id, entry.created) for entry in entries)
            for entry in entries:
                self._note(entry)
            following = _linked(parsed.feed, "next")
            if not following or walk.has_reached(self._floor):
                return
            url = urljoin(url, following)
            answer = self._get(url, {}, {})
        raise self._endless()

    def _numbered(self, url: str, params: dict[str, str]) -> Iterator[bytes]:
        seen = set[bytes]()
        for number in range(1, MOST_PAGES + 1):
            answer = self._get(url, {"per_page": str(PAGE_SIZE), "page": str(number)} | params, {})
            if answer.status_code == 400 and word(answer, "code").endswith("_invalid_page_number") and number > 1:
                return
            body = self._whole(answer)
            if body in seen:
                raise ChangedShape("a page came twice: the list would never end", where=self.where)
            seen.add(body)
            yield body
            pages = answer.headers.get("x-wp-totalpages", "")
            if pages.isdecimal() and number >= int(pages):
                return
            if body.strip() == b"[]":
                return
        raise self._endless()

    def _note(self, entry: _Entry) -> None:
        """Remember a post that belongs to somebody, while its comments are young."""
        if entry.created is None:
            return
        self._newest = latest(self._newest, entry.updated or entry.created)
        matches = _named(entry, self._matcher, host(self.planned.about["url"]))
        meant = [practice_id for practice_id in self._ids if practice_id in self._owners or practice_id in matches]
        if meant:
            feed = urljoin(self.planned.about["url"], entry.comments_feed) if entry.comments_feed else ""
            self._threads[entry.id] = _Thread(
                id=entry.id, url=entry.url, comments=feed, at=entry.created, practices=meant
            )

    def _outcome(self, more: dict[str, str]) -> Outcome:
        threads = as_text(self._threads[name] for name in sorted(self._threads))
        return Outcome(complete=False, newest=self._newest, keep={"threads": threads} | more)

    def _get(self, url: str, params: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        """Ask, and follow where a public page has moved: nothing secret goes along, and at most five times."""
        given = params
        for _ in range(MOST_REDIRECTS + 1):
            address = self.tools.at(url)
            answer = self.request("GET", address, params=given or None, headers=headers)
            if answer.status_code not in (301, 302, 303, 307, 308) or not answer.headers.get("location"):
                return answer
            url, given = urljoin(url, answer.headers["location"]), {}
            if urlsplit(url).scheme not in ("http", "https"):
                break
        raise ChangedShape(
            "the feed leads from redirect to redirect, or to no web page",
            where=self.where,
            next_step="Open it in a browser, and put the address it ends at into practices.toml",
        )

    def _endless(self) -> ChangedShape:
        return ChangedShape(f"there are more than {MOST_PAGES} pages: the list would never end", where=self.where)

    def _whole(self, answer: httpx.Response) -> bytes:
        body = self.good(answer)
        if len(body) > LARGEST_FEED_BYTES:
            raise ChangedShape(f"the feed is larger than {LARGEST_FEED_BYTES // 1_000_000} MB", where=self.where)
        return body


def _parsed(body: bytes, where: str) -> Any:
    """Return what feedparser makes of a feed's bytes. Raises ChangedShape for what is no feed, or only half of one."""
    # Given bytes, the parser would try them as a file's name, and given text, as an address.
    parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    if not parsed.version and not parsed.entries:
        raise ChangedShape(
            "this is no feed",
            where=where,
            next_step="Put the address of the feed itself into practices.toml, or set wordpress = true",
        )
    if not body.rstrip(b"\x00 \t\r\n").endswith(b">"):
        raise ChangedShape("the feed is cut off", where=where, next_step="Try again; if it stays, tell its owner")
    return parsed


def _entry(raw: Any) -> _Entry | str:
    """Return an entry, or why it cannot be read. Without a guid, the link serves as its id, else a digest."""
    # Asked by get(), the parser would give the one for the other.
    written, changed = (dict.get(raw, name) for name in ("published_parsed", "updated_parsed"))
    created, updated = _instant(written or changed), _instant(changed or written)
    html = raw.content[0].get("value", "") if raw.get("content") else raw.get("summary", "")
    link = raw.get("link", "")
    title = text_of_html(raw.get("title", ""))
    if len(html) > LARGEST_RECORD_BYTES:
        return f"larger than {LARGEST_RECORD_BYTES // 1_000_000} MB"
    if created is None:
        return "no date that can be read" if not (written or changed) else "a date before there were feeds"
    name = raw.get("id") or link or hashlib.sha256(f"{title} {created.isoformat()}".encode()).hexdigest()
    count = str(raw.get("slash_comments", ""))
    reference = raw.get("in-reply-to") or raw.get("thr_in-reply-to") or {}
    return _Entry(
        id=name,
        url=link if urlsplit(link).scheme in ("http", "https") else "",
        title=title,
        html=html,
        author=raw.get("author", ""),
        created=created,
        updated=updated,
        comments_feed=raw.get("wfw_commentrss") or _linked(raw, "replies", "application/atom+xml"),
        comments=int(count) if count.isdecimal() and len(count) < 10 else None,
        answers=tuple(reference[part] for part in ("ref", "href") if reference.get(part)),
    )


def _linked(raw: Any, relation: str, kind: str = "") -> str:
    """Return where a feed's or an entry's link of a relation points, "" if it has none."""
    links = (link for link in raw.get("links", []) if link.get("rel") == relation and kind in ("", link.get("type")))
    return next((str(link.get("href", "")) for link in links), "")


def _entry_of(post: _WordPressPost) -> _Entry:
    return _Entry(
        id=str(post.id),
        url=post.link,
        title=text_of_html(post.title.rendered),
        html=post.content.rendered,
        author=f"author {post.author}" if post.author else "",
        created=utc(post.date_gmt),
        updated=utc(post.modified_gmt),
    )


def _named(entry: _Entry, matcher: Matcher, place: str) -> dict[str, str]:
    links = links_of_html(entry.html)
    found = matcher.find(f"{entry.title}\n{text_of_html(entry.html)}", links=links, place=place)
    return {match.practice_id: match.how for match in found}


def _instant(parts: Any) -> dt.datetime | None:
    try:
        instant = dt.datetime.fromtimestamp(calendar.timegm(parts), dt.UTC) if parts else None
    except (ValueError, OverflowError, OSError):
        return None
    return instant if instant and instant >= _FIRST_DATE else None


def _threads(kept: dict[str, str]) -> list[_Thread]:
    return remembered(kept.get("threads", ""), list[_Thread])
