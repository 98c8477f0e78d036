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

from pipelines.answers import decoded, each, links_of_html, record_or_none, refusal, text_of_html
from pipelines.errors import ChangedShape, NoKey, RapportError
from pipelines.http import quota_left
from pipelines.landing import Receipt, SavedPage
from pipelines.mentions import Matcher, search_phrases
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools

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
        Metric(name="followers_count", meaning="followers"),
        # Ours: how many finds of a page of the search were left out, because their accounts ask not to be found.
        Metric(name="left_out", meaning="other"),
    ),
    key_fields=("access_token",),
    window_days=90,
)
RECENT_DAYS = 30
WINDOW = dt.timedelta(days=90)
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


class _Found(msgspec.Struct):
    statuses: list[msgspec.Raw]


class _Notification(msgspec.Struct):
    id: _Id
    status: _Status | None = None


class _Known(msgspec.Struct, array_like=True, frozen=True):
    """A status remembered from one night to the next; of a stranger's no more than the number and the day.

    `talk` is the day of the newest answer below a post of the practice's own: as long as one is within the window, a
    sweep must list it, however old the post.
    """

    id: str
    day: dt.date
    uri: str = ""
    talk: dt.date = dt.date.min

    @property
    def lives_until(self) -> dt.date:
        return max(self.day, self.talk)


class _Below(msgspec.Struct):
    """What is below the practice's posts: the ids, whether nothing was cut off, and which posts stand or do not."""

    ids: set[str] = msgspec.field(default_factory=set)
    whole: bool = True
    standing: list[_Known] = msgspec.field(default_factory=list)
    gone: list[_Known] = msgspec.field(default_factory=list)


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.mastodon.key,
            about={
                "practice_id": practice.id,
                "server": practice.mastodon.server,
                "account": practice.mastodon.account,
                **({"search": "\n".join(search_phrases(practice))} if practice.mastodon.search else {}),
            },
        )
        for practice in practices.practice
        if practice.mastodon and (practice.mastodon.account or practice.mastodon.search)
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Read the account's posts of 30 days (sweep: 90) with what is below them, and look for posts that name it.

    Most nights go forward from the newest post that is older than that, so that no gap can arise. Raises SiteDown,
    BadKey, NoKey (for the search, or where the server shows nothing without one), UnknownName or ChangedShape.
    """
    server = _Server(planned, tools)
    midnight = dt.datetime.combine(planned.night, dt.time(), tzinfo=dt.UTC)
    recent, horizon = midnight - dt.timedelta(days=RECENT_DAYS), midnight - WINDOW
    start = horizon if planned.sweep else recent
    keep: dict[str, str] = {}
    below = _Below()
    newest = planned.since
    if planned.about["account"]:
        account = yield from _own_account(server)
        posts = yield from _own_posts(server, account, start)
        below = yield from _conversations(server, start, posts)
        older = [post for post in posts.values() if _utc(post.created_at) < recent]
        last = max(older, key=lambda post: post.created_at, default=None)
        newest = max((_utc(post.created_at) for post in posts.values()), default=newest)
        keep = {
            "account": str(account.id),
            "min_id": str(last.id) if last else planned.kept.get("min_id", "0"),
            "posts": _told([known for known in below.standing if known.lives_until >= horizon.date()]),
            "gone": _told(below.gone),
        }
    if "search" in planned.about:
        found = yield from _named(server, start, keep.get("account"))
        keep["ours"] = " ".join(sorted(found.keys() & below.ids))
        keep["found"] = yield from _looked_at_again(server, start, found, below.ids)
    return Outcome(complete=planned.sweep and below.whole, newest=newest, quota_left=server.left, keep=keep)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Look up each account, and ask each key for which account it was made."""
    found: list[tuple[str, RapportError | None]] = []
    for planned in visits(practices, tools.exports):
        what = f"{planned.label} at {urlsplit(planned.about['server']).netloc}"
        try:
            server = _Server(planned, tools)
            if planned.about["account"]:
                server.body("/api/v1/accounts/lookup", {"acct": planned.about["account"]})
            if server.key:
                server.body("/api/v1/accounts/verify_credentials", {}, keyed=True)
        except RapportError as error:
            found.append((what, error))
        else:
            found.append((f"{what} can be read", None))
    return found


class _Server:
    """The practice's server as one visit asks it: without a key wherever that will do."""

    def __init__(self, planned: Planned, tools: Tools) -> None:
        self.planned, self.tools = planned, tools
        self.where = f"{SOURCE.name}: {planned.label}"
        self.key = self._load_key() if "search" in planned.about else ""
        self.wants_key = False
        self.left: int | None = None
        # How many a page of the search had before what is private was taken out: by these the next one is counted.
        self.listed = 0

    def answer(self, path: str, params: Mapping[str, str], *, keyed: bool = False) -> httpx.Response:
        """Return the answer, whatever its status; what is private is no longer in it."""
        answer = self._ask(path, params, keyed or self.wants_key)
        if answer.status_code == 401 and not (keyed or self.wants_key):
            try:
                self.key = self.key or self._load_key()
            except NoKey as error:
                raise NoKey(
                    f"the server shows nothing without a key, and there is {error.what}",
                    where=self.where,
                    next_step=error.next_step,
                ) from None
            self.wants_key = True
            answer = self._ask(path, params, keyed=True)
        self.left = quota_left(answer.headers)
        return answer

    def expected(self, answer: httpx.Response) -> bytes:
        """Return the body of a 200. Raises what any other answer means."""
        if answer.status_code == 200:
            return answer.content
        raise refusal(
            answer,
            title="The server",
            where=self.where,
            said="",
            renew="Make a new access token on the server, with the scope read",
            allow="Give the application the scope read, or ask who runs the server",
            correct="Correct mastodon.server and mastodon.account in practices.toml",
        )

    def body(self, path: str, params: Mapping[str, str], *, keyed: bool = False) -> bytes:
        return self.expected(self.answer(path, params, keyed=keyed))

    def decoded(self, body: bytes, shape: type[Any]) -> Any:
        return decoded(body, shape, source=SOURCE.name, where=self.where)

    def _load_key(self) -> str:
        return load_key(SOURCE.name, self.planned.key, SOURCE.key_fields)["access_token"]

    def _ask(self, path: str, params: Mapping[str, str], keyed: bool) -> httpx.Response:
        answer = self.tools.client.request(
            "GET",
            self.tools.at(f"{self.planned.about['server']}{path}"),
            where=self.where,
            params=params,
            headers={"Authorization": f"Bearer {self.key}"} if keyed else {},
        )
        if not keyed or answer.status_code != 200:
            return answer
        # A key sees what was written to its owner alone, which is nobody's business here.
        told = self.decoded(answer.content, Any)
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
    account: _Account = server.decoded(body, _Account)
    return account


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
    found = [status for raw in raws if (status := record_or_none(raw, _Status))]
    return {str(status.id): status for status in found if _opens(status, str(account.id))}


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
    body = server.expected(answer)
    yield Page(body=body, suffix="status.json")
    status: _Status | None = server.decoded(body, _Status) if body != _NOTHING else None
    return status


def _conversations(server: _Server, start: dt.datetime, posts: Mapping[str, _Status]) -> Generator[Page, None, _Below]:
    """Read what is below each post since `start`, and each older one with an answer since then, and who boosted it."""
    before = {known.id: known for known in _remembered(server.planned.kept.get("posts", ""))}
    listed = {
        name: _Known(name, _day(post), post.uri, before[name].talk if name in before else dt.date.min)
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
        heads = [head for raw in raws if (head := record_or_none(raw, _Head))]
        below.ids |= {str(head.id) for head in heads}
        below.whole = below.whole and (len(raws) < MOST_ANONYMOUS or server.wants_key)
    if post.reblogs_count != 0:
        yield from _listed(server, f"/api/v1/statuses/{post.id}/reblogged_by", {"limit": "80"}, f"reblogs-{post.id}")
    return max((_utc(head.created_at).date() for head in heads if head.created_at), default=dt.date.min)


def _named(server: _Server, start: dt.datetime, own: str | None) -> Generator[Page, None, dict[str, _Status]]:
    """Look for posts that name the practice, and read the account's own mentions if the key is the account's."""
    since = server.planned.since
    until = since - OVERLAP if since and not server.planned.sweep else start
    found: list[_Status | None] = []
    for phrase in filter(None, server.planned.about["search"].split("\n")):
        raws = yield from _searched(server, phrase, until)
        found += [record_or_none(raw, _Status) for raw in raws]
    if own:
        credentials = server.body("/api/v1/accounts/verify_credentials", {}, keyed=True)
        if str(server.decoded(credentials, _Head).id) == own:
            path, asked = "/api/v1/notifications", {"types[]": "mention", "limit": str(PAGE_SIZE)}
            raws = yield from _listed(server, path, asked, "notifications", keyed=True, until=until)
            found += [note.status for raw in raws if (note := record_or_none(raw, _Notification))]
    return {str(status.id): status for status in found if status and _is_news(status, own)}


def _is_news(status: _Status, own: str | None) -> bool:
    """Say whether a stranger's post may be read: it is public, no answer to the practice's own account, and its author
    has either named that account or does not ask not to be found."""
    if status.visibility not in _PUBLIC or own in (str(status.account.id), str(status.in_reply_to_account_id)):
        return False
    return own in {str(mention.id) for mention in status.mentions} or not status.account.asks_not_to_be_found


def _searched(server: _Server, phrase: str, until: dt.datetime) -> Generator[Page, None, list[msgspec.Raw]]:
    """List what the search finds for a phrase, newest first, to the empty page or past `until`."""
    found, ids, offset = list[msgspec.Raw](), set[str](), 0
    while True:
        asked = {"q": phrase, "type": "statuses", "limit": str(PAGE_SIZE), "offset": str(offset)}
        body = server.body("/api/v2/search", asked, keyed=True)
        yield Page(body=body, suffix="search.json")
        raws = server.decoded(body, _Found).statuses
        heads = _heads(raws, ids, server.where)
        found += raws
        offset += server.listed
        if not server.listed or _reaches(heads, until):
            return found


def _looked_at_again(
    server: _Server, start: dt.datetime, found: Mapping[str, _Status], below: set[str]
) -> Generator[Page, None, str]:
    """Ask for each post found on earlier nights that was not found now; return those that stand, to be remembered.

    What is gone is in no page of a sweep, which is how it is known to be removed.
    """
    standing = [_Known(number, _day(status)) for number, status in found.items() if number not in below]
    horizon = server.planned.night - WINDOW
    for known in _remembered(server.planned.kept.get("found", "")):
        if known.id in found or known.id in below or known.day < horizon:
            continue
        if known.day < start.date() or (yield from _asked_for(server, known.id)):
            standing.append(known)
    return _told(standing)


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
    found, ids = list[msgspec.Raw](), set[str]()
    while True:
        answer = server.answer(path, asked, keyed=keyed)
        body = server.expected(answer)
        yield Page(body=body, suffix=f"{suffix}.json")
        raws = server.decoded(body, list[msgspec.Raw])
        heads = _heads(raws, ids, server.where)
        found += raws
        query = parse_qs(urlsplit(answer.links.get(relation, {}).get("url", "")).query)
        cursor = query.get(cursor_name, [""])[0]
        if not cursor or (until and _reaches(heads, until)):
            return found
        if cursor == asked.get(cursor_name):
            raise ChangedShape("a cursor came twice, so the list would never end", where=server.where)
        asked = {**asked, cursor_name: cursor}


def _heads(raws: list[msgspec.Raw], ids: set[str], where: str) -> list[_Head]:
    """Return what paging needs of a page, and add its ids to those seen. Raises ChangedShape if all of them were."""
    heads = [head for raw in raws if (head := record_or_none(raw, _Head))]
    new = {str(head.id) for head in heads} - ids
    if heads and not new:
        raise ChangedShape("a page has nothing but items of earlier pages: the list would never end", where=where)
    ids |= new
    return heads


def _reaches(heads: list[_Head], until: dt.datetime) -> bool:
    return any(head.created_at and _utc(head.created_at) < until for head in heads)


def _told(known: list[_Known]) -> str:
    return msgspec.json.encode(known).decode()


def _remembered(told: str) -> list[_Known]:
    return msgspec.json.decode(told, type=list[_Known]) if told else []


def _day(status: _Status) -> dt.date:
    return _utc(status.created_at).date()


def _utc(moment: dt.datetime) -> dt.datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield what a page holds; its name says what was asked. Raises ChangedShape."""
    named = _NAMED.search(page.path)
    what, status_id = (named["what"], named["id"] or "") if named else ("status", "")
    yield from _READERS.get(what, _read_status)(_Reading(page, practices), status_id)


class _Reading:
    """A page, and what the visit knew of the practice's own account and posts."""

    def __init__(self, page: SavedPage, practices: Practices) -> None:
        self.page, self._practices = page, practices
        about, keep = page.receipt.about, page.receipt.keep
        self.practice_id = about.get("practice_id", page.receipt.label)
        self.host = urlsplit(about.get("server", "")).netloc
        self.own = keep.get("account")
        self.ours = keep.get("ours", "").split()
        self.uris = {k.id: k.uri for name in ("posts", "gone") for k in _remembered(keep.get(name, ""))}
        self.place: dict[str, Any] = {
            "source": SOURCE.name,
            "site": SOURCE.site,
            "practice_id": self.practice_id,
            "page": page.path,
        }

    def decoded(self, shape: type[Any]) -> Any:
        where = f"{SOURCE.name}: {self.practice_id}, {self.page.path}"
        return decoded(self.page.body, shape, source=SOURCE.name, where=where)

    def each(self, raws: list[msgspec.Raw], shape: type[Any], what: str) -> Iterator[tuple[int, Any]]:
        return each(raws, shape, self.page, practice_id=self.practice_id, what=what)

    def acct(self, acct: str) -> str:
        """Return an account with its host: a server leaves out its own."""
        return acct if "@" in acct else f"{acct}@{self.host}"

    def said(self, status: _Status, position: int) -> dict[str, Any]:
        """Return the fields that posts and comments have in common."""
        created = _utc(status.created_at)
        return {
            **self.place,
            "position": position,
            "item_id": status.uri,
            "author_id": self.acct(status.account.acct),
            "author_name": status.account.display_name or None,
            "created_at": created,
            "updated_at": _utc(status.edited_at) if status.edited_at else created,
            "title": status.spoiler_text or None,
            "text": text_of_html(status.content or "") or None,
            "url": status.url if status.url and status.url.startswith(("https://", "http://")) else None,
            "by_practice": str(status.account.id) == self.own,
            "mentions": tuple(
                "practice" if str(mention.id) == self.own else self.acct(mention.acct) for mention in status.mentions
            ),
        }

    def posts(self, status: _Status, position: int) -> Iterator[Record]:
        """Yield a status as a post: the practice's own with its counts, or a stranger's that means the practice."""
        if self.own and _opens(status, self.own):
            yield Record(kind="post", **self.said(status, position))
            for name in ("favourites_count", "reblogs_count", "replies_count", "quotes_count"):
                value = getattr(status, name)
                if value is not None:
                    yield self.metric(name, value, position, status.uri)
        elif _is_news(status, self.own) and str(status.id) not in self.ours:
            how = self._how(status)
            if how:
                yield Record(kind="post", matched=how, place=self.host, **self.said(status, position))

    def _how(self, status: _Status) -> str | None:
        """Return by what a stranger's post means this practice, or None."""
        if self.own in {str(mention.id) for mention in status.mentions}:
            return "handle"
        links = links_of_html(status.content or "") + ([status.card.url] if status.card and status.card.url else [])
        text = text_of_html(f"<p>{status.spoiler_text or ''}</p>{status.content or ''}")
        handles = [self.acct(mention.acct) for mention in status.mentions]
        matches = Matcher(self._practices.practice).find(text, links=links, handles=handles)
        return next((match.how for match in matches if match.practice_id == self.practice_id), None)

    def metric(self, name: str, value: int | None, position: int, parent: str | None = None) -> Record:
        return Record(
            kind="metric",
            item_id=f"{parent}/{name}" if parent else name,
            parent_id=parent,
            metric=name,
            value=value,
            position=position,
            **self.place,
        )


def _read_account(reading: _Reading, _: str) -> Iterator[Record | SetAside]:
    yield reading.metric("followers_count", reading.decoded(_Account).followers_count, 0)


def _read_status(reading: _Reading, _: str) -> Iterator[Record | SetAside]:
    if reading.page.body != _NOTHING:
        yield from reading.posts(reading.decoded(_Status), 1)


def _read_statuses(reading: _Reading, _: str) -> Iterator[Record | SetAside]:
    for position, status in reading.each(reading.decoded(list[msgspec.Raw]), _Status, "post"):
        yield from [status] if isinstance(status, SetAside) else reading.posts(status, position)


def _read_search(reading: _Reading, _: str) -> Iterator[Record | SetAside]:
    left_out = 0
    for position, status in reading.each(reading.decoded(_Found).statuses, _Status, "post"):
        if isinstance(status, SetAside):
            yield status
            continue
        left_out += status.account.asks_not_to_be_found and not _is_news(status, reading.own)
        yield from reading.posts(status, position)
    name = Path(reading.page.path).name.partition(".")[0]
    yield msgspec.structs.replace(reading.metric("left_out", left_out, 0), item_id=f"left_out/{name}")


def _read_notifications(reading: _Reading, _: str) -> Iterator[Record | SetAside]:
    for position, note in reading.each(reading.decoded(list[msgspec.Raw]), _Notification, "notification"):
        if isinstance(note, SetAside):
            yield note
        elif note.status:
            yield from reading.posts(note.status, position)


def _read_context(reading: _Reading, status_id: str) -> Iterator[Record | SetAside]:
    """Yield what is below a post. What an answer answers is named by its id on this server, so it is looked up."""
    found = list(reading.each(reading.decoded(_Context).descendants, _Status, "comment"))
    uris = reading.uris | {str(status.id): status.uri for _, status in found if isinstance(status, _Status)}
    thread = uris.get(status_id, status_id)
    for position, status in found:
        if isinstance(status, SetAside):
            yield status
        elif status.visibility in _PUBLIC:
            said = reading.said(status, position)
            yield Record(kind="comment", thread_id=thread, parent_id=uris.get(str(status.in_reply_to_id)), **said)


def _read_reblogs(reading: _Reading, status_id: str) -> Iterator[Record | SetAside]:
    """Yield who boosted a post; when is not told."""
    post = reading.uris.get(status_id, status_id)
    for position, account in reading.each(reading.decoded(list[msgspec.Raw]), _Account, "account"):
        if isinstance(account, SetAside):
            yield account
            continue
        acct = reading.acct(account.acct)
        yield Record(
            kind="share",
            item_id=f"{post}/reblog/{acct}",
            parent_id=post,
            author_id=acct,
            author_name=account.display_name or None,
            by_practice=str(account.id) == reading.own,
            position=position,
            **reading.place,
        )


def _read_gone(reading: _Reading, status_id: str) -> Iterator[Record | SetAside]:
    """A post of the practice's own that the server says is gone; of a stranger's we remember no more than a number."""
    if status_id in reading.uris:
        yield Record(kind="post", item_id=reading.uris[status_id], state="removed", position=1, **reading.place)


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
