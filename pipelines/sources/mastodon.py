"""Mastodon: a practice's own posts, what is said below them and who passed them on, and posts that name the practice.

What anybody may see is read without a key, so nothing private comes along. Where a key is sent (search, mentions, and
servers that show nothing without one), private messages are taken out of the answer before it is kept. A status has
another id on each server; its `uri` is the same everywhere and is the item's id here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from pipelines.answers import Advice, Walk, links_of_html, readable, text_of_html, tried
from pipelines.errors import NoKey, RapportError
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
from pipelines.talk import Place, Reading, counted, given, metrics, passed_on, pictured, utc
from pipelines.voice import Found, is_of_names, names_found

SOURCE = Source(
    name="mastodon",
    title="Mastodon",
    policy=Policy(
        # The project's guidelines for developers say nothing of what may be kept. So text goes at once, and features
        # when four sweeps have listed them anew.
        terms_seen="not read",
        terms_elsewhere="each server has its own, at /about and /terms-of-service of its address",
        keep_text_days=1,
        keep_derived_days=30,
        author_key=True,
        classify=True,
        attribution="Mastodon",
    ),
    gives=("posts", "comments", "shares", "mentions", "metrics"),
    told=(
        "own posts, all public answers below them, who boosted them, their counts; with a key, public posts that name "
        "the practice",
        "when something was boosted; posts of people whose account asks not to be found; anything that is not public",
        "public API of the practice's server, nightly, with a weekly sweep of 90 days",
    ),
    site="mastodon",
    # The server stands in the practice's block.
    addresses={"api": ""},
    # 300 requests in five minutes.
    per_minute=55,
    cost=Cost(calls=25, sweep_calls=45),
    metrics=(
        Metric(name="favourites_count", meaning="likes"),
        Metric(name="reblogs_count", meaning="shares"),
        Metric(name="replies_count", meaning="comments"),
        Metric(name="quotes_count", meaning="other"),
        Metric(name="followers_count", meaning="followers", divides=True),
        # Ours: how many finds of a page of the search were left out, because their accounts ask not to be found.
        Metric(name="left_out", meaning="other"),
    ),
    key_fields=("access_token",),
    window_days=90,
)
RECENT_DAYS, WINDOW_DAYS = 30, 90
OVERLAP = dt.timedelta(days=3)
PAGE_SIZE = 40
# So many answers below a post does a server show to somebody without a key.
MOST_ANONYMOUS = 60
_PUBLIC = ("public", "unlisted")
# What is left of a status that not everybody may see.
_NOTHING = b"null"
_NAMED = re.compile(r"/\d{4}\.(?P<what>[a-z]+)(?:-(?P<id>[\w-]+))?\.json")

# An id is a part of addresses and of pages' names.
_Id = Annotated[str, msgspec.Meta(pattern=r"^[\w-]{1,60}$")] | int


class _Account(msgspec.Struct):
    id: _Id
    acct: str
    display_name: str | None = None
    followers_count: int | None = None
    noindex: bool | None = None
    indexable: bool | None = None
    discoverable: bool | None = None

    @property
    def asks_not_to_be_found(self) -> bool:
        return bool(self.noindex) or self.indexable is False or self.discoverable is False


class _Mention(msgspec.Struct):
    id: _Id
    acct: str


class _Card(msgspec.Struct):
    url: str | None = None


class _Attachment(msgspec.Struct):
    type: str
    description: str | None = None


class _Status(msgspec.Struct):
    id: _Id
    uri: Annotated[str, msgspec.Meta(pattern=r"^https?://\S{1,1000}$")]
    created_at: dt.datetime
    account: _Account
    visibility: str
    content: str | None = None
    spoiler_text: str | None = None
    edited_at: dt.datetime | None = None
    in_reply_to_id: _Id | None = None
    in_reply_to_account_id: _Id | None = None
    url: str | None = None
    reblog: Any = None
    mentions: list[_Mention] = []
    media_attachments: list[_Attachment] | None = None
    card: _Card | None = None
    favourites_count: int | None = None
    reblogs_count: int | None = None
    replies_count: int | None = None
    quotes_count: int | None = None


class _Head(msgspec.Struct):
    id: _Id
    created_at: dt.datetime | None = None


class _Context(msgspec.Struct):
    descendants: list[msgspec.Raw]


class _Finds(msgspec.Struct):
    statuses: list[msgspec.Raw]


class _Notification(msgspec.Struct):
    id: _Id
    status: _Status | None = None


class _Below(msgspec.Struct):
    """What is below the practice's posts: the ids, whether nothing was cut off, and which posts stand or do not."""

    ids: set[str] = msgspec.field(default_factory=set)
    whole: bool = True
    standing: list[KnownPost] = msgspec.field(default_factory=list)
    gone: list[KnownPost] = msgspec.field(default_factory=list)


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return searched_visits(practices, SOURCE.name, "server", "account")


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Read the account's posts of 30 days (sweep: 90) with what is below them, and look for posts that name it.

    Most nights go forward from the newest post that is older than that, so that no gap can arise. Raises SiteDown,
    BadKey, NoKey (for the search, or where the server shows nothing without one), UnknownName or ChangedShape.
    """
    server = _Server(planned, tools)
    recent, horizon = planned.days_ago(RECENT_DAYS), planned.days_ago(WINDOW_DAYS)
    start = horizon if planned.sweep else recent
    keep: dict[str, str] = {}
    below = _Below()
    newest = planned.since
    if planned.about["account"]:
        account = yield from _own_account(server)
        posts = yield from _own_posts(server, account, start)
        below = yield from _conversations(server, start, posts)
        older = [post for post in posts.values() if utc(post.created_at) < recent]
        last = max(older, key=lambda post: post.created_at, default=None)
        newest = max((utc(post.created_at) for post in posts.values()), default=newest)
        keep = {
            "account": str(account.id),
            "min_id": str(last.id) if last else planned.kept.get("min_id", "0"),
            "posts": as_text([known for known in below.standing if known.lives_until >= horizon.date()]),
            "gone": as_text(below.gone),
        }
    if "search" in planned.about:
        found = yield from _named(server, start, keep.get("account"))
        keep["ours"] = " ".join(sorted(found.keys() & below.ids))
        keep["found"] = yield from _looked_at_again(server, start, found, below.ids)
        keep |= yield from search_names(planned, server.search)
    return Outcome(complete=planned.sweep and below.whole, newest=newest, quota_left=server.left, keep=keep)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Look up each account, and ask each key for which account it was made."""

    def ask(planned: Planned) -> str:
        server = _Server(planned, tools)
        if planned.about["account"]:
            server.body("/api/v1/accounts/lookup", {"acct": planned.about["account"]})
        if server.token:
            server.body("/api/v1/accounts/verify_credentials", {}, keyed=True)
        return " can be read"

    return tried(
        visits(practices, tools.exports),
        lambda planned: f"{planned.label} at {urlsplit(planned.about['server']).netloc}",
        ask,
    )


class _Server(Asker):
    """The practice's server as one visit asks it: without a key wherever that will do."""

    advice = Advice(
        title="The server",
        renew="Make a new access token on the server, with the scope read",
        allow="Give the application the scope read, or ask who runs the server",
        correct="Correct mastodon.server and mastodon.account in practices.toml",
    )

    def __init__(self, planned: Planned, tools: Tools) -> None:
        super().__init__(planned, tools)
        self.token = self.key()["access_token"] if "search" in planned.about else ""
        self.wants_key = False
        # How many a page of the search had before what is private was taken out: by these the next one is counted.
        self.listed = 0

    def answer(self, path: str, params: Mapping[str, str], *, keyed: bool = False) -> httpx.Response:
        """Return the answer, whatever its status; what is private is no longer in it."""
        answer = self._ask(path, params, keyed or self.wants_key)
        if answer.status_code == 401 and not (keyed or self.wants_key):
            try:
                self.token = self.token or self.key()["access_token"]
            except NoKey as error:
                raise NoKey(
                    f"the server shows nothing without a key, and there is {error.what}",
                    where=self.where,
                    next_step=error.next_step,
                ) from None
            self.wants_key = True
            answer = self._ask(path, params, keyed=True)
        return answer

    def body(self, path: str, params: Mapping[str, str], *, keyed: bool = False) -> bytes:
        return self.good(self.answer(path, params, keyed=keyed))

    def search(self, phrase: str, since: dt.datetime) -> Iterator[tuple[bytes, list[dt.datetime]]]:
        """Yield the pages of posts that a phrase finds, newest first, and when they were written; however far back."""
        for body in _finds(self, phrase):
            yield body, _moments(self.decoded(body, _Finds).statuses)

    def _ask(self, path: str, params: Mapping[str, str], keyed: bool) -> httpx.Response:
        answer = self.request(
            "GET",
            self.tools.at(f"{self.planned.about['server']}{path}"),
            params=params,
            headers={"Authorization": f"Bearer {self.token}"} if keyed else {},
        )
        if not keyed or answer.status_code != 200:
            return answer
        # A key sees what was written to its owner alone, which is nobody's business here.
        told: Any = self.decoded(answer.content, object)
        kept = _without_private(told)
        self.listed = len(told.get("statuses") or []) if isinstance(told, dict) else 0
        return httpx.Response(200, headers=answer.headers, content=msgspec.json.encode(kept), request=answer.request)


def _without_private(held: Any) -> Any:
    if isinstance(held, list):
        return [_without_private(part) for part in held if not _is_private(part)]
    if isinstance(held, dict):
        return None if _is_private(held) else {name: _without_private(part) for name, part in held.items()}
    return held


def _is_private(held: Any) -> bool:
    """Say whether this is a status that not everybody may see, or a notification of one."""
    if not isinstance(held, dict):
        return False
    is_status = "visibility" in held and "account" in held
    return (is_status and held["visibility"] not in _PUBLIC) or _is_private(held.get("status"))


def _own_account(server: _Server) -> Generator[Page, None, _Account]:
    body = server.body("/api/v1/accounts/lookup", {"acct": server.planned.about["account"]})
    yield Page(body=body, suffix="account.json")
    return server.decoded(body, _Account)


def _own_posts(server: _Server, account: _Account, start: dt.datetime) -> Generator[Page, None, dict[str, _Status]]:
    """List what the account has posted: back to `start`, or forward from the post that the night before named."""
    planned = server.planned
    asked = {"limit": str(PAGE_SIZE), "exclude_reblogs": "true", "exclude_replies": "true"}
    path = f"/api/v1/accounts/{account.id}/statuses"
    if planned.sweep or "min_id" not in planned.kept:
        raws = yield from _listed(server, path, asked, "statuses", until=start)
    else:
        asked["min_id"] = planned.kept["min_id"]
        raws = yield from _listed(server, path, asked, "statuses", forward=True)
    return {str(status.id): status for status in readable(raws, _Status) if _opens(status, str(account.id))}


def _opens(status: _Status, own: str) -> bool:
    """Say whether a status is a post of the account's own, no boost; its answers to itself stand below the post."""
    opens = status.in_reply_to_id is None and status.reblog is None
    return opens and str(status.account.id) == own and status.visibility in _PUBLIC


def _asked_for(server: _Server, status_id: str) -> Generator[Page, None, _Status | None]:
    """Ask for one status. The server says of what was deleted that it is gone, and None is returned."""
    answer = server.answer(f"/api/v1/statuses/{status_id}", {})
    if answer.status_code in (404, 410):
        yield Page(body=answer.content, suffix=f"gone-{status_id}.json")
        return None
    body = server.good(answer)
    yield Page(body=body, suffix="status.json")
    return server.decoded(body, _Status) if body != _NOTHING else None


def _conversations(server: _Server, start: dt.datetime, posts: Mapping[str, _Status]) -> Generator[Page, None, _Below]:
    """Read what is below each post since `start`, and each older one with an answer since then, and who boosted it."""
    before = known_posts(server.planned.kept.get("posts", ""))
    listed = {
        name: KnownPost(name, _day(post), before[name].talk if name in before else dt.date.min, post.uri)
        for name, post in posts.items()
    }
    below = _Below()
    for known in (before | listed).values():
        if known.lives_until < start.date():
            below.standing.append(known)
            continue
        post = posts.get(known.id) or (yield from _asked_for(server, known.id))
        if post is None:
            below.gone.append(known)
            continue
        talk = yield from _below_one(server, post, below)
        below.standing.append(msgspec.structs.replace(known, talk=talk))
    return below


def _below_one(server: _Server, post: _Status, below: _Below) -> Generator[Page, None, dt.date]:
    """Read what is below one post and who boosted it; return the day of the newest answer."""
    heads: list[_Head] = []
    if post.replies_count != 0:
        body = server.body(f"/api/v1/statuses/{post.id}/context", {})
        yield Page(body=body, suffix=f"context-{post.id}.json")
        raws = server.decoded(body, _Context).descendants
        heads = readable(raws, _Head)
        below.ids |= {str(head.id) for head in heads}
        below.whole = below.whole and (len(raws) < MOST_ANONYMOUS or server.wants_key)
    if post.reblogs_count != 0:
        yield from _listed(server, f"/api/v1/statuses/{post.id}/reblogged_by", {"limit": "80"}, f"reblogs-{post.id}")
    return max((utc(head.created_at).date() for head in heads if head.created_at), default=dt.date.min)


def _named(server: _Server, start: dt.datetime, own: str | None) -> Generator[Page, None, dict[str, _Status]]:
    """Look for posts that name the practice, and read the account's own mentions if the key is the account's."""
    since = server.planned.since
    until = since - OVERLAP if since and not server.planned.sweep else start
    found: list[_Status] = []
    for phrase in filter(None, server.planned.about["search"].split("\n")):
        raws = yield from _searched(server, phrase, until)
        found += readable(raws, _Status)
    if own:
        credentials = server.body("/api/v1/accounts/verify_credentials", {}, keyed=True)
        if str(server.decoded(credentials, _Head).id) == own:
            path, asked = "/api/v1/notifications", {"types[]": "mention", "limit": str(PAGE_SIZE)}
            raws = yield from _listed(server, path, asked, "notifications", keyed=True, until=until)
            found += [note.status for note in readable(raws, _Notification) if note.status]
    return {str(status.id): status for status in found if _is_news(status, own)}


def _is_news(status: _Status, own: str | None) -> bool:
    """Say whether a stranger's post may be read: it is public, no answer to the practice's own account, and its author
    has either named that account or does not ask not to be found."""
    if status.visibility not in _PUBLIC or own in (str(status.account.id), str(status.in_reply_to_account_id)):
        return False
    return own in {str(mention.id) for mention in status.mentions} or not status.account.asks_not_to_be_found


def _searched(server: _Server, phrase: str, until: dt.datetime) -> Generator[Page, None, list[msgspec.Raw]]:
    """List what the search finds for a phrase, newest first, to the empty page or past `until`."""
    found = list[msgspec.Raw]()
    for body in _finds(server, phrase):
        yield Page(body=body, suffix="search.json")
        raws = server.decoded(body, _Finds).statuses
        found += raws
        if any(moment < until for moment in _moments(raws)):
            break
    return found


def _finds(server: _Server, phrase: str) -> Iterator[bytes]:
    """Yield the pages of what the search finds for a phrase, newest first, to the empty one."""
    walk, offset = Walk(server.where, what="post"), 0
    while True:
        asked = {"q": phrase, "type": "statuses", "limit": str(PAGE_SIZE), "offset": str(offset)}
        body = server.body("/api/v2/search", asked, keyed=True)
        listed = server.listed
        yield body
        walk.add(_dated(server.decoded(body, _Finds).statuses))
        offset += listed
        if not listed:
            return


def _moments(raws: list[msgspec.Raw]) -> list[dt.datetime]:
    return [moment for _, moment in _dated(raws) if moment]


def _looked_at_again(
    server: _Server, start: dt.datetime, found: Mapping[str, _Status], below: set[str]
) -> Generator[Page, None, str]:
    """Ask for each post found on earlier nights that was not found now; return those that stand, to be remembered.

    What is gone is in no page of a sweep, which is how it is known to be removed.
    """
    standing = [KnownPost(number, _day(status)) for number, status in found.items() if number not in below]
    horizon = server.planned.days_ago(WINDOW_DAYS).date()
    for known in known_posts(server.planned.kept.get("found", "")).values():
        if known.id in found or known.id in below or known.day < horizon:
            continue
        if known.day < start.date() or (yield from _asked_for(server, known.id)):
            standing.append(known)
    return as_text(standing)


def _listed(
    server: _Server,
    path: str,
    asked: Mapping[str, str],
    suffix: str,
    *,
    forward: bool = False,
    keyed: bool = False,
    until: dt.datetime | None = None,
) -> Generator[Page, None, list[msgspec.Raw]]:
    """Follow the Link header to its end, or past `until`. Going forward ends on an empty page without a header.

    Of the header no more than the cursor is taken: its address may be anybody's.
    """
    relation, cursor_name = ("prev", "min_id") if forward else ("next", "max_id")
    found, walk = list[msgspec.Raw](), Walk(server.where, what="item", may_be_empty=True)
    while True:
        answer = server.answer(path, asked, keyed=keyed)
        body = server.good(answer)
        yield Page(body=body, suffix=f"{suffix}.json")
        raws = server.decoded(body, list[msgspec.Raw])
        walk.add(_dated(raws))
        found += raws
        query = parse_qs(urlsplit(answer.links.get(relation, {}).get("url", "")).query)
        cursor = query.get(cursor_name, [""])[0]
        if not cursor or walk.has_reached(until):
            return found
        asked = {**asked, cursor_name: walk.turn(cursor)}


def _dated(raws: list[msgspec.Raw]) -> Iterator[tuple[_Id, dt.datetime | None]]:
    return ((head.id, utc(head.created_at) if head.created_at else None) for head in readable(raws, _Head))


def _day(status: _Status) -> dt.date:
    return utc(status.created_at).date()


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield what a page holds; its name says what was asked. Raises ChangedShape."""
    if is_of_names(page):
        reading = _Page(page, practices)
        yield from names_found(reading, practices.get(reading.practice_id), reading.named())
        return
    named = _NAMED.search(page.path)
    what, status_id = (named["what"], named["id"] or "") if named else ("status", "")
    yield from _READERS.get(what, _read_status)(_Page(page, practices), status_id)


class _Page(Reading):
    """A page, and what the visit knew of the practice's own account and posts."""

    def __init__(self, page: SavedPage, practices: Practices) -> None:
        super().__init__(page, SOURCE.site)
        self._matcher = Matcher(practices.practice)
        self.host = urlsplit(self.about.get("server", "")).netloc
        self.own = self.keep.get("account")
        self.ours = self.keep.get("ours", "").split()
        known = known_posts(self.keep.get("posts", "")) | known_posts(self.keep.get("gone", ""))
        self.uris = {post.id: post.uri for post in known.values()}

    def acct(self, acct: str) -> str:
        """Return an account with its host: a server leaves out its own."""
        return acct if "@" in acct else f"{acct}@{self.host}"

    def said(self, status: _Status, place: Place) -> dict[str, Any]:
        """Return the fields that posts and comments have in common."""
        created = utc(status.created_at)
        return {
            **place,
            "item_id": status.uri,
            "author_id": self.acct(status.account.acct),
            "author_name": status.account.display_name or None,
            "created_at": created,
            "updated_at": utc(status.edited_at) if status.edited_at else created,
            "title": status.spoiler_text or None,
            "text": text_of_html(status.content or "") or None,
            "url": status.url if status.url and status.url.startswith(("https://", "http://")) else None,
            "by_practice": str(status.account.id) == self.own,
            "mentions": tuple(
                "practice" if str(mention.id) == self.own else self.acct(mention.acct) for mention in status.mentions
            ),
        }

    def posts(self, status: _Status, place: Place) -> Iterator[Record]:
        """Yield a status as a post: the practice's own with its counts, or a stranger's that means the practice."""
        if self.own and _opens(status, self.own):
            yield Record(kind="post", **_pictures(status.media_attachments), **self.said(status, place))
            yield from metrics(given(counted(status, SOURCE.counts)), place, post=status.uri)
        elif _is_news(status, self.own) and str(status.id) not in self.ours:
            how = self._how(status)
            if how:
                yield Record(kind="post", matched=how, place=self.host, **self.said(status, place))

    def _how(self, status: _Status) -> str | None:
        """Return by what a stranger's post means this practice, or None."""
        if self.own in {str(mention.id) for mention in status.mentions}:
            return "handle"
        links = links_of_html(status.content or "") + ([status.card.url] if status.card and status.card.url else [])
        text = _text_of(status)
        handles = [self.acct(mention.acct) for mention in status.mentions]
        return self._matcher.means(self.practice_id, text, links=links, handles=handles)

    def named(self) -> Iterator[Found]:
        """Yield the posts of a search for names that may be read."""
        for status in readable(self.decoded(_Finds).statuses, _Status):
            if _is_news(status, self.own):
                authors = (self.acct(status.account.acct), status.account.display_name)
                yield Found(status.uri, utc(status.created_at), _text_of(status), authors)


def _pictures(attachments: list[_Attachment] | None) -> Place:
    """Count the pictures, still ones and silent loops; nothing where a server tells of no attachments at all."""
    if attachments is None:
        return {}
    return pictured([each.description for each in attachments if each.type in ("image", "gifv")])


def _text_of(status: _Status) -> str:
    """Return what is searched for names: the warning above a post, and its words."""
    return text_of_html(f"<p>{status.spoiler_text or ''}</p>{status.content or ''}")


def _read_account(page: _Page, _: str) -> Iterator[Record | SetAside]:
    yield from metrics(counted(page.decoded(_Account), SOURCE.counts), page.at(0))


def _read_status(page: _Page, _: str) -> Iterator[Record | SetAside]:
    if page.page.body != _NOTHING:
        yield from page.posts(page.decoded(_Status), page.at(1))


def _read_statuses(page: _Page, _: str) -> Iterator[Record | SetAside]:
    return page.records(page.decoded(list[msgspec.Raw]), _Status, "post", page.posts)


def _read_search(page: _Page, _: str) -> Iterator[Record | SetAside]:
    raws = page.decoded(_Finds).statuses
    hidden = [status for status in readable(raws, _Status) if status.account.asks_not_to_be_found]
    yield from page.records(raws, _Status, "post", page.posts)
    left_out = sum(not _is_news(status, page.own) for status in hidden)
    yield page.left_out(left_out)


def _read_notifications(page: _Page, _: str) -> Iterator[Record | SetAside]:
    raws = page.decoded(list[msgspec.Raw])
    return page.records(
        raws, _Notification, "notification", lambda note, at: page.posts(note.status, at) if note.status else ()
    )


def _read_context(page: _Page, status_id: str) -> Iterator[Record | SetAside]:
    """Yield what is below a post. What an answer answers is named by its id on this server, so it is looked up."""
    raws = page.decoded(_Context).descendants
    uris = page.uris | {str(status.id): status.uri for status in readable(raws, _Status)}
    thread = uris.get(status_id, status_id)

    def said(status: _Status, place: Place) -> Iterator[Record]:
        if status.visibility in _PUBLIC:
            parent = uris.get(str(status.in_reply_to_id))
            yield Record(kind="comment", thread_id=thread, parent_id=parent, **page.said(status, place))

    return page.records(raws, _Status, "comment", said)


def _read_reblogs(page: _Page, status_id: str) -> Iterator[Record | SetAside]:
    """Yield who boosted a post; when is not told."""
    post = page.uris.get(status_id, status_id)

    def boosted(account: _Account, place: Place) -> Iterator[Record]:
        acct, own = page.acct(account.acct), str(account.id) == page.own
        yield passed_on(post, "reblog", acct, account.display_name or None, place, own=own)

    return page.records(page.decoded(list[msgspec.Raw]), _Account, "account", boosted)


def _read_gone(page: _Page, status_id: str) -> Iterator[Record | SetAside]:
    """A post of the practice's own that the server says is gone; of a stranger's we remember no more than a number."""
    if status_id in page.uris:
        yield Record(kind="post", item_id=page.uris[status_id], state="removed", **page.at(1))


_READERS = {
    "account": _read_account,
    "status": _read_status,
    "statuses": _read_statuses,
    "search": _read_search,
    "notifications": _read_notifications,
    "context": _read_context,
    "reblogs": _read_reblogs,
    "gone": _read_gone,
}
