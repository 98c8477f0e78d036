"""One module a platform, found by its name; none knows another. This file says what a module must have.

SOURCE     a `Source`: its title, terms and what it can give. No policy, no load: the field has no default
visits()   what there is to pull for these practices tonight
fetch()    one visit: yields each response as received, returns an `Outcome`
read()     one kept page: yields records, and a `SetAside` for each record that is no good
check()    for the doctor: each key or file it needs, and what is wrong with it
listing()  whether a visit lists everything, and whether its site has replies
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import httpx
import msgspec

from pipelines.answers import Advice, decoded, record_or_none, refusal, strange, word
from pipelines.errors import BadKey, ChangedShape, RapportError, UnknownName
from pipelines.http import Client, quota_left
from pipelines.landing import Receipt, SavedPage
from pipelines.mentions import known_of, quoted, search_phrases, told, told_compared
from pipelines.policies import Policy
from pipelines.practices import Practice, Practices
from pipelines.records import Record, SetAside
from pipelines.settings import Settings, load_key
from pipelines.tokens import TokenStore
from pipelines.voice import MOST_FINDS, SEARCH_DAYS, SUFFIX

Shape = TypeVar("Shape")
# Asks for a phrase: yields pages, newest first, each with when its posts were written, back to an instant or further.
Search = Callable[[str, dt.datetime], Iterator[tuple[bytes, Sequence[dt.datetime]]]]
Meaning = Literal[
    "likes", "shares", "comments", "views", "reach", "impressions", "followers", "saves", "clicks",
    "calls", "directions", "website_clicks", "bookings", "conversations", "other",
]  # fmt: skip


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A number a platform counts, by its own name. A break of definition is two metrics, never a fall.

    `valid_to` is the last day on which the platform gave it.
    """

    name: str
    meaning: Meaning
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    # Interactions with a post are divided by it: by its own, or by the account's followers. At most one of a source;
    # another one later would be another rate.
    divides: bool = False


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a practice of usual size costs: calls of most nights and of a complete sweep, and items that are billed.

    `calls_a_day` is the quota of one key. `price_per_item` is in US dollars.
    """

    calls: int
    sweep_calls: int
    calls_a_day: int | None = None
    items: int = 0
    sweep_items: int = 0
    price_per_item: Decimal = Decimal(0)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The declarative head of a source. Raises ValueError for a platform without the address of its terms."""

    name: str
    title: str
    policy: Policy
    gives: tuple[str, ...]
    # The same for people, in the README's table: what it gives, what it cannot give, and how it is read.
    told: tuple[str, str, str]
    # Where it answers, by purpose ("api", "token"); an operator's or a test's setting `addresses` replaces one.
    addresses: dict[str, str] = {}
    # Its pace, for all practices together; the setting `per_minute` replaces it.
    per_minute: float = 60
    cost: Cost | None = None
    metrics: tuple[Metric, ...] = ()
    # The one site a platform is; empty for files, whose rows name theirs.
    site: str = ""
    key_fields: tuple[str, ...] = ()
    # A file an owner handed over is pulled once; a platform is asked every night.
    once: bool = False
    # It shows some reviews of its own choice: they are neither counted nor averaged, and no month waits for all.
    sampled: bool = False
    # How far back a complete sweep lists conversations; what is older is never called removed. None: to the beginning,
    # as reviews always are.
    window_days: int | None = None
    # It shows the practice the comments that are hidden from others, and says that they are.
    tells_hidden: bool = False

    def __post_init__(self) -> None:
        # Only a file, or what is asked at an address out of the practice's block, has no one place for its terms.
        elsewhere = self.once or self.addresses.get("api") == ""
        if not self.policy.terms_url and not elsewhere:
            raise ValueError(f"{self.name} is one platform, so its policy names the address of its terms")
        if sum(metric.divides for metric in self.metrics) > 1:
            raise ValueError(f"{self.name} divides interactions by more than one number")

    @property
    def counts(self) -> frozenset[str]:
        """The names of all numbers it gives."""
        return frozenset(metric.name for metric in self.metrics)

    @property
    def has_reviews(self) -> bool:
        return not {"reviews", "excerpts"}.isdisjoint(self.gives)

    @property
    def has_conversation(self) -> bool:
        return not {"posts", "comments", "mentions"}.isdisjoint(self.gives)


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One visit to make. `about` goes into the receipt, so it must not hold a secret."""

    label: str
    practice_id: str = ""
    key: str = ""
    about: dict[str, str] = {}
    # What the visit before asked to be remembered (`Outcome.keep`): cursors, tags of a cached answer.
    kept: dict[str, str] = {}
    night: dt.date = dt.date.min
    since: dt.datetime | None = None
    sweep: bool = True

    @property
    def midnight(self) -> dt.datetime:
        """The instant at which the night's day begins, in UTC: the "now" from which windows are counted."""
        return dt.datetime.combine(self.night, dt.time(), tzinfo=dt.UTC)

    def days_ago(self, days: int) -> dt.datetime:
        return self.midnight - dt.timedelta(days=days)

    def floor(self, window_days: int, late_days: int, overlap: dt.timedelta) -> dt.datetime:
        """Return the instant back to which to list: a sweep's whole window or the days whose numbers come late, and in
        any case what may have come since the visit before."""
        first = self.days_ago(window_days if self.sweep else late_days)
        return min(first, self.since - overlap) if self.since else first

    def known(self, overlap: dt.timedelta) -> dt.datetime | None:
        """Return down to which instant a list is read: the newest of before less the overlap; None for all of it."""
        return None if self.sweep or self.since is None else self.since - overlap

    def first_day(self, window_days: int, *, overlap: dt.timedelta, reread: dt.timedelta) -> dt.date:
        """Return the first day to list of: a sweep's whole window, or what may have come since the visit before and
        what is read again in any case."""
        oldest = self.night - dt.timedelta(days=window_days)
        if self.sweep or self.since is None:
            return oldest
        return max(oldest, min((self.since - overlap).date(), self.night - reread))


def visit_of(practice: Practice, key: str, **about: str) -> Planned:
    """Return the visit of a platform that each practice has an account of its own on."""
    return Planned(label=practice.id, practice_id=practice.id, key=key, about={"practice_id": practice.id, **about})


def account_visits(practices: Practices, name: str, *fields: str) -> list[Planned]:
    """Return the visits of all practices that have a block of that `name`, with these `fields` of it."""
    blocks: list[tuple[Practice, Any]] = [(practice, getattr(practice, name)) for practice in practices.practice]
    return [
        visit_of(practice, block.key, **{field: getattr(block, field) for field in fields})
        for practice, block in blocks
        if block
    ]


def searched_visits(practices: Practices, name: str, *fields: str) -> list[Planned]:
    """As `account_visits`, for platforms of which a practice may have an account, a search, or both."""
    searched = {
        practice.id: {"search": "\n".join(search_phrases(practice)), **told_compared(practice)}
        for practice in practices.practice
        if (block := getattr(practice, name)) and block.search
    }
    return [
        msgspec.structs.replace(planned, about=planned.about | searched.get(planned.practice_id, {}))
        for planned in account_visits(practices, name, *fields)
        if planned.about["account"] or planned.practice_id in searched
    ]


def shared_visit(label: str, there: Mapping[str, Practice], key: str = "", **about: str) -> Planned:
    """Return the visit of a place that several practices listen in, by id: it is asked once for all of them."""
    return Planned(
        label=label,
        key=key,
        about={"practice_id": " ".join(sorted(there)), "known": told(there.values()), **about},
    )


class Page(msgspec.Struct, frozen=True, kw_only=True):
    body: bytes
    suffix: str = "json"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit brought: `complete` only if everything there was has been listed.

    `why` says what a whole visit could not bring, for example numbers that the key may not read.
    """

    complete: bool
    why: str = ""
    expected: int | None = None
    newest: dt.datetime | None = None
    # How many requests the platform says are left of the day's, or of the minutes it counts over, if it says so.
    quota_left: int | None = None
    keep: dict[str, str] = {}
    # When the platform says the key ends.
    key_expires_on: dt.date | None = None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit's records stand for: everything there is (so absence means removal), and a site with replies."""

    complete: bool
    can_reply: bool


def site_listing(receipt: Receipt, practices: Practices) -> Listing:
    """The `listing` of a site with replies, of which a visit lists all there is whenever its receipt says so."""
    return Listing(complete=receipt.complete, can_reply=True)


class Tools(msgspec.Struct, kw_only=True):
    """What fetch() may use. `memory` lives as long as one run, for example for access tokens."""

    source: Source
    settings: Settings
    client: Client
    exports: Path
    tokens: TokenStore
    memory: dict[str, str] = {}
    # Held by whoever asks for what the visits of a run share; that may need something else they share, a token.
    turn: AbstractContextManager[object] = msgspec.field(default_factory=threading.RLock)

    def once(self, name: str, ask: Callable[[], str]) -> str:
        """Return what the visits of a run share: the first of them asks for it. What `ask` raises is not remembered."""
        with self.turn:
            if name not in self.memory:
                self.memory[name] = ask()
            return self.memory[name]

    def address(self, purpose: str = "api") -> str:
        """Return where the source answers for a purpose."""
        said = self.settings.addresses.get(f"{self.source.name}.{purpose}")
        return (said or self.source.addresses[purpose]).rstrip("/")

    def at(self, url: str) -> str:
        """Return what to ask instead of a URL out of practices.toml: the URL, unless the setting `addresses` has an
        `api` for this source, below which its host and path are then found."""
        instead = self.settings.addresses.get(f"{self.source.name}.api")
        if not instead:
            return url
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{instead.rstrip('/')}/{parts.netloc}{parts.path}{query}"


def search_names(planned: Planned, search: Search) -> Generator[Page, None, dict[str, str]]:
    """Yield what a search finds for each name, if there are names; return, to be kept, how each search went.

    It is "whole", "truncated" after too many finds, or "failed", which fails nothing else.
    """
    known = known_of(planned.about.get("compared", "[]"))
    went: dict[str, str] = {}
    since = planned.days_ago(SEARCH_DAYS)
    for one in known:
        finds, went[one.id] = 0, "whole"
        try:
            for body, moments in search(quoted(one.name), since):
                yield Page(body=body, suffix=SUFFIX)
                finds += len(moments)
                if any(moment < since for moment in moments):
                    break
                if finds >= MOST_FINDS:
                    went[one.id] = "truncated"
                    break
        except RapportError:
            went[one.id] = "failed"
    return {"compared": msgspec.json.encode(went).decode()} if known else {}


class Asker:
    """Asks a platform for one visit. A source says how its platform is asked, and what to do when it refuses.

    `word_at` is where in its refusals the platform's machine-readable word stands, if it has one.
    """

    advice: Advice
    word_at: tuple[str | int, ...] = ()

    def __init__(self, planned: Planned, tools: Tools) -> None:
        self.planned, self.tools = planned, tools
        self.where = f"{tools.source.name}: {planned.label}"
        self.left: int | None = None

    def key(self, *, may_have: tuple[str, ...] = ()) -> dict[str, str]:
        """Return the fields of the visit's key. Raises NoKey or BadKey."""
        return load_key(self.tools.source.name, self.planned.key, self.tools.source.key_fields, may_have=may_have)

    def request(self, method: str, url: str, **sent: Any) -> httpx.Response:
        """Ask, as `Client.request` does, and note what the platform says is left of its quota."""
        answer = self.tools.client.request(method, url, where=self.where, **sent)
        self.left = quota_left(answer.headers)
        return answer

    def good(self, answer: httpx.Response) -> bytes:
        """Return the body of a 200. Raises what any other answer means."""
        if answer.status_code == 200:
            return answer.content
        raise self.refused(answer)

    def refused(self, answer: httpx.Response) -> RapportError:
        """Return the error of an answer that is of no use."""
        return refusal(answer, where=self.where, said=self.said(answer), **self.advice._asdict())

    def said(self, answer: httpx.Response) -> str:
        """Return the platform's machine-readable word for a refusal, or ""."""
        return word(answer, *self.word_at) if self.word_at else ""

    def renewed(self, url: str, form: dict[str, str], shape: type[Shape]) -> tuple[Shape, httpx.Response]:
        """Return what a token endpoint gives for a refresh token, and its answer. Raises BadKey or ChangedShape."""
        name, title = self.tools.source.name, self.advice.title
        where = f"{name}: key '{self.planned.key or 'default'}'"
        sent = {"grant_type": "refresh_token"} | form
        answer = self.tools.client.request("POST", url, where=where, form=sent)
        said = word(answer, "error")
        # Some refuse with a 200, too.
        if said or answer.status_code in (400, 401, 403):
            told = f"{title} does not renew the key ({answer.status_code}{', ' if said else ''}{said})"
            raise BadKey(told, where=where, next_step=self.advice.renew)
        held = record_or_none(msgspec.Raw(answer.content), shape)
        if held is None:
            raise ChangedShape(
                f"{title}'s token endpoint answered {answer.status_code} without a token",
                where=where,
                next_step="Look at the platform's status and changes",
            )
        return held, answer

    def decoded(self, body: bytes, shape: type[Shape]) -> Shape:
        return decoded(body, shape, source=self.tools.source.name, where=self.where)

    def strange(self, *what: str) -> ChangedShape:
        """Return the error of a page that is none of those asked for, or `what` is wrong with it."""
        return strange(self.tools.source.name, self.where, *what)


class SourceModule(Protocol):
    SOURCE: Source

    def visits(self, practices: Practices, exports: Path) -> list[Planned]: ...
    def fetch(self, planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]: ...
    def read(self, page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]: ...
    def check(self, practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]: ...
    def listing(self, receipt: Receipt, practices: Practices) -> Listing: ...


def source_names() -> list[str]:
    """Return the names of all sources, in alphabetical order, without importing them."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_source(name: str) -> SourceModule:
    """Return a source's module. Raises UnknownName listing those there are."""
    if name not in source_names():
        raise UnknownName(f"there is no source '{name}'", next_step=f"Sources: {', '.join(source_names())}")
    return cast(SourceModule, importlib.import_module(f"{__name__}.{name}"))
