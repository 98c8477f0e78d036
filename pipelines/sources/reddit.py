"""Reddit: strangers' threads that name a practice, whole, and single comments that do, by the Data API.

Reddit's search finds posts only. Comments that name a practice below other posts are seen where the practice listens
in subreddits of its choice, whose newest comments are read, too; above them the post is kept, because who asks whom to
go to seldom names anybody. What is deleted leaves no text, title or author here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from pipelines.answers import (
    LARGEST_RECORD_BYTES,
    Advice,
    Walk,
    batches,
    decoded,
    latest,
    readable,
    record_or_none,
    tried_keys,
    word,
)
from pipelines.errors import BadKey, ChangedShape, RapportError, UnknownName
from pipelines.kept import as_days, days
from pipelines.landing import SavedPage
from pipelines.mentions import Matcher, matcher_of, search_phrases, told, told_compared
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import (
    Asker,
    Cost,
    Metric,
    Outcome,
    Page,
    Planned,
    Source,
    Tools,
    search_names,
    site_listing,
    visit_of,
)
from pipelines.talk import Reading, metrics, named
from pipelines.voice import Found, is_of_names, names_found

SOURCE = Source(
    name="reddit",
    title="Reddit",
    policy=Policy(
        terms_url="https://www.redditinc.com/policies/developer-terms",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        # Version of March 2026. What is deleted there goes here as soon as possible; to keep it without names breaks
        # the rules, too. Reddit advises to drop everything within 48 hours: a night, and housekeeping the day after
        # the next. The sweep on the 1st lists the month anew.
        keep_text_days=1,
        keep_derived_days=1,
        attribution="Reddit",
        classify=True,
    ),
    gives=("posts", "comments", "mentions"),
    told=(
        "strangers' posts that name the practice, with the whole tree of comments; single comments that name it in "
        "subreddits of your choice, and the post above them; scores and numbers of comments",
        "comments elsewhere, as Reddit's search knows posts only; what is older than a listing's thousand; who voted",
        "your approved app's id and secret, nightly; threads of 14 days are read again, a weekly sweep reads 90 days",
    ),
    site="reddit",
    addresses={"api": "https://oauth.reddit.com", "token": "https://www.reddit.com"},
    # 100 a minute and app, averaged over ten; the doctor and others may need some.
    per_minute=80,
    cost=Cost(calls=15, sweep_calls=20),
    metrics=(Metric(name="score", meaning="likes"), Metric(name="num_comments", meaning="comments")),
    key_fields=("client_id", "client_secret", "user_agent"),
    window_days=90,
)
PAGE_SIZE = 100
LONGEST_QUERY = 500
# Reddit's search index is hours behind, and nobody says how many.
OVERLAP = dt.timedelta(days=2)
REREAD_DAYS = 14
_GONE = ("[deleted]", "[removed]")
_NAMED = re.compile(r"(?<![\w/])/?u/([\w-]{3,20})")
# What a search lists is read from each post's own thread; the page is kept as the evidence of what was found.
_SEARCH = "search.json"
_NEWEST_POSTS = {"sort": "new", "t": "year", "type": "link"}
# Posts that were asked for because a comment below them names the practice.
_OPENINGS = "openings.json"


class _Thing(msgspec.Struct):
    kind: str
    data: msgspec.Raw


class _Children(msgspec.Struct):
    children: list[msgspec.Raw]
    after: str | None = None


class _Listing(msgspec.Struct):
    data: _Children


class _More(msgspec.Struct):
    children: list[str]
    parent_id: str
    count: int = 0


class _Things(msgspec.Struct):
    things: list[msgspec.Raw]


class _Errors(msgspec.Struct):
    data: _Things | None = None
    errors: list[list[str | None]] = []


class _MoreChildren(msgspec.Struct):
    json: _Errors


class _Item(msgspec.Struct, kw_only=True):
    """A post (t3) or a comment (t1)."""

    name: str
    created_utc: float
    author: str | None = None
    edited: float | bool = False
    subreddit: str | None = None
    permalink: str | None = None
    score: int | None = None
    title: str = ""
    selftext: str = ""
    url: str | None = None
    is_self: bool = False
    num_comments: int | None = None
    removed_by_category: str | None = None
    body: str = ""
    link_id: str | None = None
    parent_id: str | None = None
    score_hidden: bool = False
    replies: _Listing | str = ""

    @property
    def is_gone(self) -> bool:
        said = self.selftext or self.body
        return said in _GONE or self.removed_by_category is not None or (self.author in _GONE and not said)

    @property
    def created(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.created_utc, dt.UTC)


class _Token(msgspec.Struct):
    access_token: str


class _Post(NamedTuple):
    """A post in the thread page it stands in, with the listing of its comments."""

    raw: msgspec.Raw
    comments: list[msgspec.Raw]


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        visit_of(
            practice,
            practice.reddit.key,
            subreddits="+".join(practice.reddit.subreddits),
            phrases="\n".join(search_phrases(practice)),
            known=told([practice]),
            **told_compared(practice),
        )
        for practice in practices.practice
        if practice.reddit
    ]


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Search for posts, look through the subreddits' comments, ask after what was known, then read threads.

    Most nights read threads of 14 days and ask /api/info after the older ones; a sweep reads all of the window. The
    posts above comments that name the practice are asked for each night.
    Raises SiteDown, BadKey, UnknownName (no such subreddit) or ChangedShape.
    """
    ask = _Asker(planned, tools)
    window = planned.days_ago(SOURCE.window_days or 0)
    floor = max(window, planned.since - OVERLAP) if planned.since and not planned.sweep else window
    matcher = matcher_of(planned.about["known"])
    seen: list[_Item] = []
    for query in _queries(planned.about["phrases"].split("\n")):
        seen += yield from ask.listing("search", {"q": query} | _NEWEST_POSTS, floor)
    posts = {item.name: item.created.date() for item in seen if item.created >= floor and _means(item, matcher)}
    said: list[_Item] = []
    if planned.about["subreddits"]:
        said = yield from ask.listing("comments", {}, floor)
    naming = {item.name: item for item in said if _means(item, matcher)}
    comments = {name: item.created.date() for name, item in naming.items()}
    known_posts, known_comments = (days(planned.kept.get(kind, ""), window.date()) for kind in ("posts", "comments"))
    recent = (window if planned.sweep else planned.days_ago(REREAD_DAYS)).date()
    reread = posts.keys() | {name for name, day in known_posts.items() if day >= recent}
    others = yield from ask.info((known_posts.keys() - reread) | (known_comments.keys() - comments.keys()))
    naming |= {item.name: item for item in others if item.link_id and _means(item, matcher)}
    openings = yield from ask.info({item.link_id for item in naming.values() if item.link_id}, _OPENINGS)
    # The search is behind, so a post may be known by a comment first.
    found = {item.name: item.created.date() for item in openings if item.created >= window and _means(item, matcher)}
    for name in sorted(reread | (found.keys() - known_posts.keys())):
        yield from ask.thread(name)
    posts |= found
    keep = {"posts": as_days(known_posts | posts), "comments": as_days(known_comments | comments)}
    keep |= yield from search_names(planned, ask.search)
    newest = latest(planned.since, *(item.created for item in (*seen, *said)))
    return Outcome(complete=planned.sweep, newest=newest, quota_left=ask.left, keep=keep)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask with each key after a post that is always there."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).get("/api/info", {"id": "t3_6"})
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's posts and comments that belong to the practice, with their numbers. Raises ChangedShape."""
    reader = _Reader(page, practices)
    if page.body.lstrip()[:1] == b"[":
        yield from reader.thread(_thread(page.body, reader.where))
        return
    if "json" in reader.fields():
        answered = reader.decoded(_MoreChildren).json
        if answered.data is None:
            raise ChangedShape("more comments were refused", where=reader.where, next_step="Look at the kept page")
        # Only threads that belong are asked for more.
        yield from reader.comments(answered.data.things, belongs=True)
        return
    children = reader.decoded(_Listing).data.children
    if is_of_names(page):
        yield from names_found(reader, practices.get(reader.practice_id), reader.named(children))
        return
    if page.path.removesuffix(".zst").endswith(_SEARCH):
        # One that is too large is set aside where its thread is read.
        listed = [raw for raw in children if len(bytes(raw)) <= LARGEST_RECORD_BYTES]
        yield from reader.records(listed, _ItemThing, "post", lambda thing, place: ())
        return
    is_of_openings = page.path.removesuffix(".zst").endswith(_OPENINGS)
    yield from reader.openings(children) if is_of_openings else reader.single(children)


class _Reader(Reading):
    """Makes records of one page for one practice."""

    def __init__(self, page: SavedPage, practices: Practices) -> None:
        super().__init__(page, SOURCE.site)
        practice = practices.get(self.practice_id)
        self._matcher = Matcher([practice])
        self._own = practice.reddit.account.lower() if practice.reddit else ""
        self._position = 0

    def thread(self, post: _Post) -> Iterator[Record | SetAside]:
        belongs, opening = False, list[Record]()
        for item in self._items([post.raw], "post"):
            if isinstance(item, SetAside):
                yield item
                continue
            how = _how(item, self._matcher)
            # Only a thread that meant the practice is read, so one that says nothing any more did.
            belongs = bool(how) or item.is_gone
            if belongs:
                yield from self._records("post", item, how)
            else:
                opening = list(self._opening(item))
        below = list(self.comments(post.comments, belongs=belongs))
        yield from opening if any(isinstance(item, Record) for item in below) else ()
        yield from below

    def comments(self, raws: list[msgspec.Raw], *, belongs: bool) -> Iterator[Record | SetAside]:
        below: list[msgspec.Raw] = []
        for item in self._items(raws, "comment"):
            if isinstance(item, SetAside):
                yield item
                continue
            how = _how(item, self._matcher)
            if belongs or how:
                yield from self._records("comment", item, how)
            if isinstance(item.replies, _Listing):
                below += item.replies.data.children
        if below:
            yield from self.comments(below, belongs=belongs)

    def single(self, raws: list[msgspec.Raw]) -> Iterator[Record | SetAside]:
        """Read things that stand outside their thread: each speaks for itself, and what is gone says so."""
        for item in self._items(raws, "thing"):
            if isinstance(item, SetAside):
                yield item
            elif (how := _how(item, self._matcher)) or item.is_gone:
                yield from self._records("post" if item.name.startswith("t3_") else "comment", item, how)

    def named(self, raws: list[msgspec.Raw]) -> Iterator[Found]:
        """Yield the posts of a search for names that are still there and not the practice's own."""
        for thing in readable(raws, _ItemThing):
            item = thing.data
            if not item.is_gone and (item.author or "").lower() != self._own:
                text = f"{item.title}\n{item.selftext}"
                yield Found(item.name, item.created, text, (item.author,), item.subreddit or "")

    def openings(self, raws: list[msgspec.Raw]) -> Iterator[Record | SetAside]:
        """Read the posts above comments that name the practice. One that names it itself is read in its thread."""
        for item in self._items(raws, "post"):
            if isinstance(item, SetAside):
                yield item
            elif not _how(item, self._matcher):
                yield from self._opening(item)

    def _opening(self, item: _Item) -> Iterator[Record]:
        return self.opening(next(self._records("post", item, None)), SOURCE.window_days or 0)

    def _items(self, raws: list[msgspec.Raw], what: str) -> Iterator[_Item | SetAside]:
        kinds = (record_or_none(raw, _Thing) for raw in raws)
        whole = [raw for raw, held in zip(raws, kinds, strict=True) if held is None or held.kind in ("t1", "t3")]
        for _, thing in self.each(whole, _ItemThing, what):
            self._position += 1
            yield thing if isinstance(thing, SetAside) else thing.data

    def _records(self, kind: str, item: _Item, how: str | None) -> Iterator[Record]:
        author = (item.author or "").lower()
        place = self.at(self._position) | {
            "created_at": item.created,
            "thread_id": item.name if kind == "post" else item.link_id,
            "place": f"r/{item.subreddit}" if item.subreddit else None,
        }
        edited = item.edited if isinstance(item.edited, float) else item.created_utc
        said: dict[str, Any] = {"state": "removed"}
        if not item.is_gone:
            accounts = (name.lower() for name in _NAMED.findall(f"{item.selftext}{item.body}"))
            said = {
                "author_id": author if author not in _GONE else None,
                "author_name": item.author if author not in _GONE else None,
                "updated_at": dt.datetime.fromtimestamp(edited, dt.UTC),
                "title": item.title or None,
                "text": item.selftext or item.body or None,
                "url": f"https://www.reddit.com{item.permalink}" if item.permalink else None,
                "by_practice": bool(self._own) and author == self._own,
                "matched": how,
                "mentions": named(accounts, self._own),
            }
        yield Record(
            kind="post" if kind == "post" else "comment",
            item_id=item.name,
            parent_id=None if kind == "post" else item.parent_id,
            **place,
            **said,
        )
        if item.is_gone:
            return
        counted = {"score": None if item.score_hidden else item.score}
        if kind == "post":
            counted["num_comments"] = item.num_comments
        yield from metrics(counted, place, post=item.name)


class _ItemThing(msgspec.Struct):
    data: _Item


class _Asker(Asker):
    """Asks Reddit for one visit."""

    advice = Advice(
        title="Reddit",
        renew="Copy the app's key again, and see that Reddit still approves the app",
        allow="A subreddit is private: take it out of reddit.subreddits in practices.toml",
        correct="Correct reddit.subreddits in practices.toml",
    )

    def listing(self, what: str, params: dict[str, str], floor: dt.datetime) -> Generator[Page, None, list[_Item]]:
        """Yield a listing's pages, newest first, past `floor` or to its end, and return what they hold."""
        found = dict[str, _Item]()
        for body in self._pages(what, params):
            yield Page(body=body, suffix=_SEARCH if what == "search" else "json")
            items = self._items(body)
            found |= {item.name: item for item in items}
            if items and all(item.created < floor for item in items):
                break
        return list(found.values())

    def search(self, phrase: str, since: dt.datetime) -> Iterator[tuple[bytes, list[dt.datetime]]]:
        """Yield the pages of posts that a phrase finds, newest first, and when they were written; for a year back."""
        for body in self._pages("search", {"q": phrase} | _NEWEST_POSTS):
            yield body, [item.created for item in self._items(body)]

    def _pages(self, what: str, params: dict[str, str]) -> Iterator[bytes]:
        """Yield a listing's pages, newest first, to its end."""
        subreddits = self.planned.about["subreddits"]
        path = f"/r/{subreddits}/{what}" if subreddits else f"/{what}"
        restricted = {"restrict_sr": "1"} if subreddits and what == "search" else {}
        asked = {"limit": str(PAGE_SIZE)} | params | restricted
        walk = Walk(self.where, what="thing", may_be_empty=True)
        while True:
            body = self.get(path, asked)
            yield body
            walk.add((item.name, item.created) for item in self._items(body))
            if not (after := self.decoded(body, _Listing).data.after):
                return
            asked["after"] = walk.turn(after)

    def _items(self, body: bytes) -> list[_Item]:
        return [thing.data for thing in readable(self.decoded(body, _Listing).data.children, _ItemThing)]

    def thread(self, post: str) -> Generator[Page, None, None]:
        """Yield a thread: the tree as far as it comes at once, then what it leaves out. Nothing of one that is gone.

        Where a branch is too deep, Reddit says "continue this thread", and it is read from that comment on.
        """
        link = post.removeprefix("t3_")
        seen, waiting, asked = set[str](), [""], set[str]()
        while waiting:
            comment = waiting.pop(0)
            branch = f"/_/{comment}" if comment else ""
            answer = self._answer("GET", f"/comments/{link}{branch}", {"limit": "500", "sort": "new"})
            if answer.status_code in (403, 404) and word(answer, "message"):
                # Taken down whole, or its subreddit has closed since: not public any more.
                return
            body = self.good(answer)
            yield Page(body=body)
            hidden: list[str] = []
            following = _left_out(_thread(body, self.where).comments, seen, hidden)
            while hidden := [name for name in dict.fromkeys(hidden) if name not in asked]:
                batch, later = hidden[:PAGE_SIZE], hidden[PAGE_SIZE:]
                asked |= set(batch)
                form = {"api_type": "json", "link_id": post, "children": ",".join(batch), "limit_children": "false"}
                body = self.good(self._answer("POST", "/api/morechildren", {}, form))
                yield Page(body=body)
                held = self.decoded(body, _MoreChildren).json.data
                hidden = later
                following += _left_out(held.things if held else [], seen, hidden)
            waiting += [name for name in dict.fromkeys(following) if name not in asked]
            asked |= set(following)

    def info(self, names: Collection[str], suffix: str = "json") -> Generator[Page, None, list[_Item]]:
        """Yield what is asked for by name, a hundred at once, and return it."""
        found: list[_Item] = []
        for some in batches(sorted(names), PAGE_SIZE):
            body = self.get("/api/info", {"id": ",".join(some)})
            held = self.decoded(body, _Listing).data
            yield Page(body=body, suffix=suffix)
            found += [thing.data for thing in readable(held.children, _ItemThing)]
        return found

    def get(self, path: str, params: dict[str, str]) -> bytes:
        return self.good(self._answer("GET", path, params))

    def refused(self, answer: httpx.Response) -> RapportError:
        if answer.status_code == 403 and not word(answer, "message"):
            return BadKey(
                "Reddit refuses how Rapport names itself",
                where=self.where,
                next_step="Set user_agent in the key to '<platform>:<app id>:<version> (by /u/<name>)'",
            )
        if answer.status_code == 302:
            return UnknownName("there is no such subreddit", where=self.where, next_step=self.advice.correct)
        return super().refused(answer)

    def said(self, answer: httpx.Response) -> str:
        return word(answer, "reason") or word(answer, "message")

    def _answer(
        self, method: str, path: str, params: dict[str, str], form: dict[str, str] | None = None
    ) -> httpx.Response:
        """Ask with an access token; one that has ended in the middle of a run is asked for anew, once."""
        key = self.key()
        memory, name = self.tools.memory, f"{SOURCE.name} {self.planned.key}"
        for _ in range(2):
            fresh = name not in memory
            if fresh:
                memory[name] = self._token(key)
            answer = self.request(
                method,
                f"{self.tools.address()}{path}",
                # Without raw_json Reddit writes &lt; for <.
                params={"raw_json": "1"} | params,
                form=form,
                headers={"Authorization": f"bearer {memory[name]}", "User-Agent": key["user_agent"]},
            )
            if answer.status_code != 401 or fresh:
                return answer
            memory.pop(name, None)
        return answer

    def _token(self, key: dict[str, str]) -> str:
        basic = httpx.BasicAuth(key["client_id"], key["client_secret"])
        signed = next(basic.auth_flow(httpx.Request("POST", "https://www.reddit.com"))).headers["Authorization"]
        answer = self.request(
            "POST",
            f"{self.tools.address('token')}/api/v1/access_token",
            form={"grant_type": "client_credentials"},
            headers={"Authorization": signed, "User-Agent": key["user_agent"]},
        )
        return self.decoded(self.good(answer), _Token).access_token


def _thread(body: bytes, where: str) -> _Post:
    """Return the post and the comments of a thread's page, which is a list of two listings."""
    post, comments = decoded(body, tuple[_Listing, _Listing], source=SOURCE.name, where=where)
    if len(post.data.children) != 1:
        raise ChangedShape("a thread without its post", where=where, next_step="Compare the kept page with the source")
    return _Post(post.data.children[0], comments.data.children)


def _left_out(raws: list[msgspec.Raw], seen: set[str], hidden: list[str]) -> list[str]:
    """Note the comments shown, add those to ask for to `hidden`, and return the comments to continue from."""
    following: list[str] = []
    waiting = list(raws)
    while waiting:
        raw = waiting.pop()
        thing = record_or_none(raw, _Thing)
        if thing is None:
            continue
        if thing.kind == "more":
            more = msgspec.json.decode(thing.data, type=_More)
            hidden += [name for name in more.children if name not in seen]
            if not more.children:
                following.append(more.parent_id.removeprefix("t1_"))
        elif item := record_or_none(thing.data, _Item):
            seen.add(item.name.removeprefix("t1_"))
            waiting += item.replies.data.children if isinstance(item.replies, _Listing) else []
    return following


def _how(item: _Item, matcher: Matcher) -> str | None:
    links = [item.url] if item.url and not item.is_self else []
    found = matcher.find(f"{item.title}\n{item.selftext}{item.body}", links=links, place=item.subreddit or "")
    return found[0].how if found and not item.is_gone else None


def _means(item: _Item, matcher: Matcher) -> bool:
    return _how(item, matcher) is not None


def _queries(phrases: list[str]) -> Iterator[str]:
    """Yield the phrases joined by OR, in as few queries as Reddit's length allows."""
    query = ""
    for phrase in filter(None, phrases):
        if query and len(query) + len(phrase) + 4 > LONGEST_QUERY:
            yield query
            query = ""
        query = f"{query} OR {phrase}" if query else phrase
    if query:
        yield query
