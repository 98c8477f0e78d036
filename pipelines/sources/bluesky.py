"""Bluesky: a practice's own posts, replies, quotes and reposts, and with a key posts that name the practice.

Everything but the search is read from the public view of the network, which needs no key. Handles change, so accounts
are known by their DID and posts by their at-uri. When something was written is the client's claim: where it lies after
the network's own time of indexing or before there was a Bluesky, that time is taken, and `state` says so.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec

from pipelines.answers import Advice, Walk, batches, latest, readable, record_or_none, tried
from pipelines.errors import BadKey, RapportError, UnknownName
from pipelines.kept import KnownPost, as_text, known_posts
from pipelines.landing import SavedPage
from pipelines.mentions import Matcher
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
    searched_visits,
    site_listing,
)
from pipelines.talk import Place, Reading, counted, given, metrics, named, passed_on, pictured, utc
from pipelines.tokens import Token
from pipelines.voice import Found, is_of_names, names_found

SOURCE = Source(
    name="bluesky",
    title="Bluesky",
    policy=Policy(
        # They bind whoever has an account, hence the search, and name neither days nor readers by the API. The
        # guidelines for developers, known second hand, want that what is deleted can be deleted here.
        terms_url="https://bsky.social/about/support/tos",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        keep_text_days=1,
        keep_derived_days=30,
        author_key=True,
        classify=True,
        attribution="Bluesky",
    ),
    gives=("posts", "comments", "shares", "mentions", "metrics"),
    told=(
        "own posts, replies, quotes and reposts of them, their counts; with a key, posts that name the practice",
        "when something was reposted; replies between people who block each other; posts of people who do not wish to "
        "be shown without a login; messages",
        "public API, nightly, with a weekly sweep of 90 days; an app password for the search",
    ),
    site="bluesky",
    addresses={"api": "https://public.api.bsky.app", "session": "https://bsky.social"},
    per_minute=300,
    cost=Cost(calls=25, sweep_calls=45),
    metrics=(
        Metric(name="likeCount", meaning="likes"),
        Metric(name="repostCount", meaning="shares"),
        Metric(name="replyCount", meaning="comments"),
        Metric(name="quoteCount", meaning="other"),
        Metric(name="bookmarkCount", meaning="saves"),
        Metric(name="followersCount", meaning="followers", divides=True),
        # Ours: how many finds of a page of the search were left out, because their authors ask for it.
        Metric(name="left_out", meaning="other"),
    ),
    key_fields=("identifier", "app_password"),
    window_days=90,
)
PAGE_SIZE = 100
POSTS_AT_ONCE = 25
DEPTH = 100
RECENT_DAYS, WINDOW_DAYS = 30, 90
OVERLAP = dt.timedelta(hours=24)
# Clocks of clients are a little off; nothing was written there before it was.
_CLOCKS_DIFFER = dt.timedelta(minutes=5)
_BEGINNING = dt.datetime(2022, 11, 1, tzinfo=dt.UTC)
_HIDDEN = "!no-unauthenticated"
_session = threading.Lock()

_Did = Annotated[str, msgspec.Meta(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")]
_Uri = Annotated[str, msgspec.Meta(pattern=r"^at://did:[A-Za-z0-9._:%-]+/[A-Za-z.]+/[A-Za-z0-9._:~-]+$")]


class _Label(msgspec.Struct):
    val: str


class _Author(msgspec.Struct, rename="camel"):
    did: _Did
    handle: str
    display_name: str | None = None
    labels: list[_Label] = []
    followers_count: int | None = None


class _Feature(msgspec.Struct):
    """What a facet says of its words: a link has an address, a mention an account."""

    uri: str | None = None
    did: str | None = None


class _Slice(msgspec.Struct, rename="camel"):
    byte_start: int
    byte_end: int


class _Facet(msgspec.Struct):
    index: _Slice
    features: list[_Feature] = []


class _Ref(msgspec.Struct):
    uri: str


class _ReplyRef(msgspec.Struct):
    root: _Ref
    parent: _Ref


class _External(msgspec.Struct):
    uri: str | None = None


class _Quoted(msgspec.Struct):
    """What a post quotes; beside pictures it lies one level deeper."""

    uri: str | None = None
    record: _Ref | None = None


class _Picture(msgspec.Struct):
    """A picture, or among `items` something else that has no `image`."""

    image: Any = None
    alt: str | None = None


class _Media(msgspec.Struct):
    """Pictures, up to four as `images` and more as `items`."""

    images: list[_Picture] = []
    items: list[_Picture] = []


class _Embed(_Media):
    external: _External | None = None
    record: _Quoted | None = None
    # What stands beside a quote.
    media: _Media | None = None


class _Written(msgspec.Struct, rename="camel"):
    text: str
    created_at: str = ""
    facets: list[_Facet] = []
    reply: _ReplyRef | None = None
    embed: _Embed | None = None


class _Post(msgspec.Struct, rename="camel"):
    uri: _Uri
    author: _Author
    record: _Written
    indexed_at: dt.datetime
    like_count: int | None = None
    repost_count: int | None = None
    reply_count: int | None = None
    quote_count: int | None = None
    bookmark_count: int | None = None


class _Item(msgspec.Struct):
    """An entry of a feed. With a reason it is no post of its own there: a repost, or one that is pinned."""

    post: msgspec.Raw
    reason: dict[str, Any] | None = None


class _Head(msgspec.Struct, rename="camel"):
    """A post, an account or an entry of a feed, as far as a list of them is told from its earlier pages."""

    uri: str = ""
    did: str = ""
    indexed_at: dt.datetime | None = None
    post: _Ref | None = None

    @property
    def name(self) -> str:
        return self.post.uri if self.post else self.uri or self.did


class _Branch(msgspec.Struct, rename="camel"):
    """A post of a thread with what is below it; or one that is gone, or that is not shown because of a block."""

    post: msgspec.Raw = msgspec.Raw()
    replies: list[_Branch] = []
    uri: str = ""
    not_found: bool = False


class _Thread(msgspec.Struct):
    thread: _Branch


class _Body(msgspec.Struct, rename="camel"):
    """A page of any list: each kind has its own field."""

    feed: list[msgspec.Raw] | None = None
    posts: list[msgspec.Raw] | None = None
    reposted_by: list[msgspec.Raw] | None = None
    thread: Any = None
    did: str | None = None
    uri: str = ""
    cursor: str = ""


class _Tokens(msgspec.Struct, rename="camel"):
    access_jwt: str
    refresh_jwt: str


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return searched_visits(practices, SOURCE.name, "account")


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Read what is new in the account's feed, look at all its posts of 30 days (sweep: 90) again, and search.

    Raises SiteDown, BadKey, NoKey (for the search), UnknownName (the account is gone) or ChangedShape.
    """
    network = _Network(planned, tools)
    horizon = planned.days_ago(WINDOW_DAYS)
    start = horizon if planned.sweep else planned.days_ago(RECENT_DAYS)
    since = planned.since - OVERLAP if planned.since and not planned.sweep else start
    did = handle = ""
    posts, found = dict[str, _Post](), dict[str, _Post]()
    if planned.about["account"]:
        body = network.body("app.bsky.actor.getProfile", {"actor": planned.about["account"]})
        yield Page(body=body)
        profile = network.decoded(body, _Author)
        did, handle = profile.did, profile.handle
        posts = yield from _feed(network, did, since)
    if network.searches:
        found = yield from _named(network, since, did, handle)
    known = known_posts(planned.kept.get("posts", "")) | known_posts(planned.kept.get("found", ""))
    asked = [k.id for k in known.values() if k.lives_until >= start.date() and k.id not in posts | found]
    again = yield from _looked_at_again(network, asked)
    gone = [uri for uri in asked if uri not in again]
    for uri, post in (posts | found | again).items():
        day, talk = utc(post.indexed_at).date(), known[uri].talk if uri in known else dt.date.min
        if post.author.did == did and max(day, talk) >= start.date():
            below = yield from _conversation(network, uri, post)
            if below is None:
                gone.append(uri)
                continue
            talk = below
        known[uri] = KnownPost(uri, day, talk)
    standing = [k for k in known.values() if k.lives_until >= horizon.date() and k.id not in gone]
    own = [k for k in standing if did and k.id.startswith(f"at://{did}/")]
    keep = {
        "did": did,
        "posts": as_text(own),
        "found": as_text([k for k in standing if k not in own]),
        "gone": " ".join(gone),
    }
    keep |= yield from search_names(planned, network.search)
    newest = latest(planned.since, *(utc(post.indexed_at) for post in (posts | found).values()))
    return Outcome(complete=planned.sweep, newest=newest, quota_left=network.left, keep=keep)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Look up each account, and open a session with each key that a search needs."""

    def ask(planned: Planned) -> str:
        network = _Network(planned, tools)
        if planned.about["account"]:
            network.body("app.bsky.actor.getProfile", {"actor": planned.about["account"]})
        if network.searches:
            network.access(fresh=False)
        return " can be read" + (" and searched for" if network.searches else "")

    return tried(visits(practices, tools.exports), lambda planned: planned.label, ask)


class _Network(Asker):
    """The public view of the network, and for the search a session at the key's own server."""

    advice = Advice(
        title="Bluesky",
        renew="Make a new app password in Bluesky's settings",
        allow="Look whether the account of the key is suspended",
        correct="Correct bluesky.account in practices.toml: the handle without @, or the DID",
    )
    word_at = ("error",)

    def __init__(self, planned: Planned, tools: Tools) -> None:
        super().__init__(planned, tools)
        self.searches = "search" in planned.about
        self.login = self.key() if self.searches else {}

    def body(self, method: str, params: Mapping[str, str] | Sequence[tuple[str, str]]) -> bytes:
        """Return the body of a 200 of the public view. Raises what any other answer means."""
        return self.good(self.answer(method, params))

    def answer(self, method: str, params: Mapping[str, str] | Sequence[tuple[str, str]]) -> httpx.Response:
        return self.request("GET", f"{self.tools.address()}/xrpc/{method}", params=params)

    def refused(self, answer: httpx.Response) -> RapportError:
        said = self.said(answer)
        if answer.status_code == 400 and said in ("InvalidRequest", "AccountTakedown", "AccountDeactivated"):
            told = f"Bluesky does not show this account (400, {said})"
            return UnknownName(told, where=self.where, next_step=self.advice.correct)
        return super().refused(answer)

    def pages(self, method: str, asked: Mapping[str, str], *, keyed: bool = False) -> Iterator[bytes]:
        """Yield a list's pages as far as it has a cursor. Raises ChangedShape if it would never end.

        A page can be empty and have a cursor all the same, because what is hidden is taken out of it.
        """
        walk, asked = Walk(self.where, what="item", may_be_empty=True), dict(asked)
        while True:
            body = self.searched(asked) if keyed else self.body(method, asked)
            yield body
            page = self.decoded(body, _Body)
            items = readable([*(page.feed or ()), *(page.posts or ()), *(page.reposted_by or ())], _Head)
            walk.add((item.name, None) for item in items)
            if not page.cursor:
                return
            asked["cursor"] = walk.turn(page.cursor)

    def search(self, phrase: str, since: dt.datetime) -> Iterator[tuple[bytes, list[dt.datetime]]]:
        """Yield the pages of posts that a phrase finds, newest first, with their times of indexing."""
        for body in self.pages("app.bsky.feed.searchPosts", searched_for(phrase, since), keyed=True):
            posts = readable(_list(self.decoded(body, _Body).posts, "posts", self), _Post)
            yield body, [utc(post.indexed_at) for post in posts]

    def searched(self, params: Mapping[str, str]) -> bytes:
        """Return a page of the search, with a session that is opened anew if it has expired."""
        for fresh in (False, True):
            answer = self.request(
                "GET",
                f"{self.tools.address('session')}/xrpc/app.bsky.feed.searchPosts",
                params=params,
                headers={"Authorization": f"Bearer {self.access(fresh=fresh)}"},
            )
            if self.said(answer) not in ("ExpiredToken", "InvalidToken"):
                break
        return self.good(answer)

    def access(self, *, fresh: bool) -> str:
        """Return the token of a session, which all practices of a key share for a run.

        A session is opened with the password at most 30 times in five minutes, so the one of the night before is
        renewed. Its refresh token is good once: the new one is on disk before anything is asked with it.
        """
        with _session:
            name = self.planned.key
            held = self.tools.memory.get(name)
            if held and not fresh:
                return held
            seed = "\n".join(self.login.values())
            kept = self.tools.tokens.newest(SOURCE.name, name, seed)
            told = self._renewed(kept.refresh) if kept.refresh != seed else None
            tokens = told or self._opened()
            token = Token(refresh=tokens.refresh_jwt)
            self.tools.tokens.keep(SOURCE.name, name, seed, token)
            self.tools.memory[name] = tokens.access_jwt
            return tokens.access_jwt

    def _renewed(self, refresh: str) -> _Tokens | None:
        """Return a session's new tokens, or None if it has ended."""
        answer = self._session("refreshSession", headers={"Authorization": f"Bearer {refresh}"})
        return self.decoded(answer.content, _Tokens) if answer.status_code == 200 else None

    def _opened(self) -> _Tokens:
        password = {"identifier": self.login["identifier"], "password": self.login["app_password"]}
        answer = self._session("createSession", body=msgspec.json.encode(password))
        if answer.status_code in (400, 401):
            raise BadKey(
                f"Bluesky opens no session with this key ({self.said(answer) or answer.status_code})",
                where=f"{SOURCE.name}: key '{self.planned.key or 'default'}'",
                next_step="Make a new app password in Bluesky's settings; never use the account's own password",
            )
        return self.decoded(self.good(answer), _Tokens)

    def _session(self, procedure: str, **sent: Any) -> httpx.Response:
        url = f"{self.tools.address('session')}/xrpc/com.atproto.server.{procedure}"
        return self.request("POST", url, **sent)


def _feed(network: _Network, did: str, since: dt.datetime) -> Generator[Page, None, dict[str, _Post]]:
    """List the account's own posts, newest first by the time of indexing, to the end or past `since`."""
    asked = {"actor": did, "limit": str(PAGE_SIZE), "filter": "posts_no_replies"}
    found: dict[str, _Post] = {}
    for body in network.pages("app.bsky.feed.getAuthorFeed", asked):
        yield Page(body=body)
        items = readable(_list(network.decoded(body, _Body).feed, "feed", network), _Item)
        # A repost stands where it was reposted, so its own time says nothing of how far the list has come.
        own = readable([item.post for item in items if not item.reason], _Post)
        found |= {post.uri: post for post in own if post.author.did == did}
        if any(utc(post.indexed_at) < since for post in own):
            break
    return found


def _named(network: _Network, since: dt.datetime, did: str, handle: str) -> Generator[Page, None, dict[str, _Post]]:
    """Look for posts that name the practice, and for those that name its account."""
    queries = [searched_for(phrase, since) for phrase in network.planned.about["search"].split("\n") if phrase]
    queries += [searched_for(handle, since) | {"mentions": did}] if did else []
    found: dict[str, _Post] = {}
    for asked in queries:
        for body in network.pages("app.bsky.feed.searchPosts", asked, keyed=True):
            yield Page(body=body)
            posts = readable(_list(network.decoded(body, _Body).posts, "posts", network), _Post)
            found |= {post.uri: post for post in posts if _is_news(post, did)}
    return found


def searched_for(phrase: str, since: dt.datetime) -> dict[str, str]:
    """Return what the search is asked for a phrase: the newest first, back to an instant."""
    return {"q": phrase, "sort": "latest", "limit": str(PAGE_SIZE), "since": f"{since:%Y-%m-%dT%H:%M:%SZ}"}


def _looked_at_again(network: _Network, uris: list[str]) -> Generator[Page, None, dict[str, _Post]]:
    """Ask for posts by their names, 25 at once; what is deleted is left out of the answer."""
    found = dict[str, _Post]()
    for some in batches(uris, POSTS_AT_ONCE):
        body = network.body("app.bsky.feed.getPosts", [("uris", uri) for uri in some])
        yield Page(body=body, suffix="again.json")
        raws = _list(network.decoded(body, _Body).posts, "posts", network)
        found |= {post.uri: post for post in readable(raws, _Post)}
    return found


def _conversation(network: _Network, uri: str, post: _Post) -> Generator[Page, None, dt.date | None]:
    """Read what is below a post, and who quoted or reposted it; return the day of the newest reply or quote.

    None, if the post was deleted since it was listed.
    """
    days = [dt.date.min]
    if post.reply_count != 0:
        answer = network.answer("app.bsky.feed.getPostThread", {"uri": uri, "depth": str(DEPTH), "parentHeight": "0"})
        if network.said(answer) == "NotFound":
            return None
        body = network.good(answer)
        yield Page(body=body)
        opened = network.decoded(body, _Thread).thread
        if opened.not_found:
            return None
        days += _days_below(opened)
    asked = {"uri": uri, "limit": str(PAGE_SIZE)}
    for count, method in ((post.quote_count, "getQuotes"), (post.repost_count, "getRepostedBy")):
        for body in network.pages(f"app.bsky.feed.{method}", asked) if count != 0 else ():
            yield Page(body=body)
            page = network.decoded(body, _Body)
            heads = readable(_list(page.posts if method == "getQuotes" else page.reposted_by, method, network), _Head)
            # An account has a time of indexing, too, which is not that of its repost.
            days += [utc(head.indexed_at).date() for head in heads if head.uri and head.indexed_at]
    return max(days)


def _days_below(branch: _Branch) -> list[dt.date]:
    heads = readable([reply.post for reply in branch.replies], _Head)
    here = [utc(head.indexed_at).date() for head in heads if head.indexed_at]
    return here + [day for reply in branch.replies for day in _days_below(reply)]


def _list(found: list[msgspec.Raw] | None, name: str, network: _Network) -> list[msgspec.Raw]:
    if found is None:
        raise network.strange(f"the page has no {name}")
    return found


def _is_news(post: _Post, did: str) -> bool:
    """Say whether a find is read: a stranger's, neither below a post of the practice nor quoting one, as those are read
    there, and by somebody who named its account or does not ask to be hidden from people without a login."""
    ours = f"at://{did}/"
    if post.author.did == did or (did and any(uri.startswith(ours) for uri in _points_to(post.record))):
        return False
    return did in _named_by(post.record) or _HIDDEN not in {label.val for label in post.author.labels}


def _points_to(written: _Written) -> list[str]:
    """Return the post that opened the thread, and the one that is quoted."""
    quoted = written.embed.record if written.embed else None
    uris = [written.reply.root.uri if written.reply else None, quoted.uri if quoted else None]
    return [uri for uri in (*uris, quoted.record.uri if quoted and quoted.record else None) if uri]


def _pictures(embed: _Embed | None) -> Place:
    holders = [held for held in (embed, embed.media if embed else None) if held]
    return pictured([picture.alt for held in holders for picture in (*held.images, *held.items) if picture.image])


def _named_by(written: _Written) -> list[str]:
    return [feature.did for facet in written.facets for feature in facet.features if feature.did]


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield what a page holds; its fields say what it is. Raises ChangedShape."""
    reading = _Page(page, practices)
    body = reading.decoded(_Body)
    if is_of_names(page):
        yield from names_found(reading, practices.get(reading.practice_id), reading.named(body.posts or []))
    elif body.feed is not None:
        yield from reading.feed(body.feed)
    elif body.thread is not None:
        yield from reading.thread()
    elif body.reposted_by is not None:
        yield from reading.reposts(body.reposted_by, body.uri)
    elif body.posts is not None and body.uri:
        yield from reading.quotes(body.posts, body.uri)
    elif body.posts is not None:
        yield from reading.finds(body.posts)
    else:
        yield from metrics(counted(reading.decoded(_Author), SOURCE.counts), reading.at(0))


class _Page(Reading):
    """A page, and what the visit knew of the practice's own account."""

    def __init__(self, page: SavedPage, practices: Practices) -> None:
        super().__init__(page, SOURCE.site)
        self.did = self.keep.get("did", "")
        self.gone = self.keep.get("gone", "").split()
        self.matcher = Matcher(practices.practice)

    def feed(self, raws: list[msgspec.Raw]) -> Iterator[Record | SetAside]:
        items = readable(raws, _Item)
        if len(items) < len(raws):
            yield self.set_aside("feed", f"{len(raws) - len(items)} entries of the feed have no post")
        yield from self.records([item.post for item in items if not item.reason], _Post, "post", self.own)

    def finds(self, raws: list[msgspec.Raw]) -> Iterator[Record | SetAside]:
        """Yield the posts of a page of the search, or of those that were asked for again by name."""
        left_out = 0

        def found(post: _Post, place: Place) -> Iterator[Record]:
            nonlocal left_out
            hidden = _HIDDEN in {label.val for label in post.author.labels}
            left_out += hidden and not _is_news(post, self.did)
            yield from self.own(post, place)
            yield from self.strangers(post, place)

        yield from self.records(raws, _Post, "post", found)
        if ".again." in self.page.path:
            for uri in self.gone:
                yield Record(kind="post", item_id=uri, state="removed", **self.at(len(raws) + 1))
            return
        yield self.left_out(left_out)

    def own(self, post: _Post, place: Place) -> Iterator[Record]:
        """Yield a post of the practice's own with its counts; its replies stand in the threads."""
        if post.author.did != self.did or post.record.reply:
            return
        if post.uri in self.gone:
            # It was deleted after this page was made, and before its thread was read.
            yield Record(
                kind="post",
                item_id=post.uri,
                created_at=_written_at(post)[0],
                state="removed",
                by_practice=True,
                **place,
            )
            return
        yield Record(kind="post", **_pictures(post.record.embed), **self.said(post, place))
        yield from metrics(given(counted(post, SOURCE.counts)), place, post=post.uri)

    def strangers(self, post: _Post, place: Place) -> Iterator[Record]:
        """Yield a post that means the practice."""
        if not _is_news(post, self.did):
            return
        how = "handle" if self.did in _named_by(post.record) else self._how(post)
        if how:
            yield Record(kind="post", matched=how, place=SOURCE.title, **self.said(post, place))

    def named(self, raws: list[msgspec.Raw]) -> Iterator[Found]:
        """Yield the posts of a search for names that may be read."""
        for post in readable(raws, _Post):
            if _is_news(post, self.did):
                authors = (post.author.did, post.author.handle, post.author.display_name)
                yield Found(post.uri, _written_at(post)[0], post.record.text, authors)

    def _how(self, post: _Post) -> str | None:
        written = post.record
        links = [feature.uri for facet in written.facets for feature in facet.features if feature.uri]
        external = written.embed.external if written.embed else None
        links += [external.uri] if external and external.uri else []
        return self.matcher.means(self.practice_id, written.text, links=links)

    def thread(self) -> Iterator[Record | SetAside]:
        """Yield what is below the thread's first post, in the order in which it is shown."""
        opened = self.decoded(_Thread).thread
        head = record_or_none(opened.post, _Head)
        first = head.uri if head else ""
        waiting = [(reply, first) for reply in opened.replies]
        position = 0
        while waiting:
            branch, parent = waiting.pop(0)
            position += 1
            if not branch.post:
                # What is gone is told while somebody has answered it; what is blocked is not shown to anybody.
                if branch.not_found and branch.uri:
                    yield Record(
                        kind="comment",
                        item_id=branch.uri,
                        thread_id=first,
                        parent_id=parent,
                        state="removed",
                        **self.at(position),
                    )
                continue
            [(_, post)] = self.each([branch.post], _Post, "reply")
            if isinstance(post, SetAside):
                yield msgspec.structs.replace(post, where=f"reply {position}")
                continue
            thread = post.record.reply.root.uri if post.record.reply else first
            yield Record(kind="comment", thread_id=thread, parent_id=parent, **self.said(post, self.at(position)))
            waiting += [(reply, post.uri) for reply in branch.replies]

    def quotes(self, raws: list[msgspec.Raw], quoted: str) -> Iterator[Record | SetAside]:
        def quote(post: _Post, place: Place) -> Iterator[Record]:
            yield Record(kind="share", parent_id=quoted, **self.said(post, place))

        return self.records(raws, _Post, "quote", quote)

    def reposts(self, raws: list[msgspec.Raw], post: str) -> Iterator[Record | SetAside]:
        """Yield who reposted a post; when is not told."""

        def repost(author: _Author, place: Place) -> Iterator[Record]:
            name = author.display_name or author.handle
            yield passed_on(post, "repost", author.did, name, place, own=author.did == self.did)

        return self.records(raws, _Author, "account", repost)

    def said(self, post: _Post, place: Place) -> dict[str, Any]:
        """Return the fields that posts, replies and quotes have in common."""
        written, believed = _written_at(post)
        return {
            **place,
            "item_id": post.uri,
            "author_id": post.author.did,
            "author_name": post.author.display_name or post.author.handle,
            "created_at": written,
            "updated_at": written,
            "state": None if believed else "dated_by_index",
            "text": spelled_out(post.record.text, post.record.facets) or None,
            "url": f"https://bsky.app/profile/{post.author.did}/post/{post.uri.rpartition('/')[2]}",
            "by_practice": post.author.did == self.did,
            "mentions": named(_named_by(post.record), self.did),
        }


def _written_at(post: _Post) -> tuple[dt.datetime, bool]:
    """Return when a post was written, and whether that is what its author's client claims."""
    indexed = utc(post.indexed_at)
    try:
        claimed = utc(dt.datetime.fromisoformat(post.record.created_at))
    except (ValueError, OverflowError):
        return indexed, False
    believed = _BEGINNING <= claimed <= indexed + _CLOCKS_DIFFER
    return (claimed, True) if believed else (indexed, False)


def spelled_out(text: str, facets: list[_Facet]) -> str:
    """Return a text with its links in full: apps shorten what they show. Facets count bytes of UTF-8."""
    told = text.encode()
    links = [(facet.index, feature.uri) for facet in facets for feature in facet.features if feature.uri]
    before = len(told)
    for index, uri in sorted(links, key=lambda link: link[0].byte_start, reverse=True):
        start, end = index.byte_start, index.byte_end
        if not 0 <= start < end <= before or not _between_characters(told, start, end):
            continue
        told, before = told[:start] + uri.encode() + told[end:], start
    return told.decode()


def _between_characters(told: bytes, start: int, end: int) -> bool:
    """Say whether both ends lie between two characters, and not within one."""
    return all(at == len(told) or told[at] & 0xC0 != 0x80 for at in (start, end))
