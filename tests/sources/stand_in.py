"""A platform on loopback for tests, in its own manner: what every stand-in shares, and how they are found.

`tests/sources/stand_in_<source>.py` defines `StandIn(Base)`. The tests of `test_every_source.py` then run over it.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.fetch import FetchResult, fetch
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import Settings, load_settings
from pipelines.sources import Tools, load_source
from pipelines.tokens import TokenStore
from tests.conftest import Answer, serving

NIGHT = dt.date(2026, 10, 31)
START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
Item = dict[str, Any]


class Request(NamedTuple):
    """One request as a stand-in sees it; header names are in lower case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, standard: str = "") -> str:
        return self.query.get(name, [standard])[-1]


class Base:
    """One platform with one practice, `riverside`, holding `count` things of the kind its longest list has.

    `refuse` is answered first, one a request. The flags ask the stand-in for a fault of the platform:
    endless     the list never ends: the same cursor or page comes again and again
    shifting    one thing of each page comes once more on the next
    huge        one thing has a text of 10 MB
    skewed      everything was written a day after the night
    other_ids   ids that are strings come as numbers and the other way round, where JSON can hold them
    new_fields  what every object of every list of an answer has besides, and the record in it (`wrapped`)
    """

    name: ClassVar[str]
    # The block of practices.toml, as it is given to pydantic.
    block: ClassVar[Any]
    # What the environment holds; none for a source that needs no key.
    key: ClassVar[dict[str, str]] = {}
    more: ClassVar[dict[str, Any]] = {}
    largest_page: ClassVar[int] = 100
    # Faults a platform cannot have, with the reason.
    cannot: ClassVar[dict[str, str]] = {}
    # The field of a listed object that holds the record, where the object itself is none.
    wrapped: ClassVar[str] = ""

    def __init__(self, count: int, page_size: int | None = None) -> None:
        self.count, self.page_size = count, min(page_size or self.largest_page, self.largest_page)
        self.endless = self.shifting = self.huge = self.skewed = self.other_ids = False
        self.new_fields: Item = {}
        self.night = NIGHT
        self.refuse: list[Answer] = []
        self.asked: list[Request] = []

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        url = urlsplit(path)
        lower = {name.lower(): value for name, value in headers.items()}
        request = Request(method, url.path, parse_qs(url.query, keep_blank_values=True), lower, body)
        self.asked.append(request)
        assert len(self.asked) < 3_000, "the list never ends"
        if self.is_token_request(request):
            return self.token_answer(request)
        self.check_key(request)
        if self.refuse:
            return self.refuse.pop(0)
        told = self.answer(request)
        status, more, body = told if isinstance(told, tuple) else (200, {"Content-Type": "application/json"}, told)
        if self.new_fields and status == 200:
            body = self._with_new_fields(json.loads(body) if isinstance(body, bytes) else body)
        return status, more, body if isinstance(body, bytes) else json.dumps(body).encode()

    def _with_new_fields(self, held: Any, *, is_record: bool = False) -> Any:
        if isinstance(held, list):
            return [self._with_new_fields(one, is_record=True) for one in held]
        if not isinstance(held, dict):
            return held
        inner = {n: self._with_new_fields(one, is_record=is_record and n == self.wrapped) for n, one in held.items()}
        return inner | (self.new_fields if is_record else {})

    def is_token_request(self, request: Request) -> bool:
        return False

    def token_answer(self, request: Request) -> Answer:
        raise AssertionError("nobody asks this platform for a token")

    def check_key(self, request: Request) -> None:
        """Assert that a request carries the key where the platform wants it, and nowhere else."""
        raise NotImplementedError

    def answer(self, request: Request) -> Any:
        """Return a JSON value, bytes, or (status, headers, bytes)."""
        raise NotImplementedError

    def expected(self) -> set[str]:
        """Return the item ids of everything the longest list holds."""
        raise NotImplementedError

    def item_kind(self) -> str:
        """Return the kind of records the longest list becomes."""
        return "post"

    def instant(self, number: int) -> dt.datetime:
        """Return when a thing was written: minutes apart, all within the month before the night."""
        if self.skewed:
            return dt.datetime.combine(NIGHT, dt.time(), tzinfo=dt.UTC) + dt.timedelta(days=1, minutes=number)
        return START + dt.timedelta(minutes=number)

    @classmethod
    def practices(cls) -> Practices:
        practice = {"id": "riverside", "name": "Riverside Dental", cls.name: cls.block, **cls.more}
        return Practices.model_validate({"practice": [practice]})


class ReviewSite(Base):
    """A site whose longest list is its reviews. A test may change `items`, or give its own with `holding`."""

    # Where a review has its id and its words, and what makes it no good.
    id_field: ClassVar[str] = "id"
    text_field: ClassVar[str] = "text"
    broken: ClassVar[Item]

    @classmethod
    def holding(cls, items: list[Item], page_size: int | None = None) -> Self:
        site = cls(len(items), page_size)
        site.items = items
        return site

    @classmethod
    def daily(cls, count: int) -> Self:
        """Return a site with a review a day, the newest of 30 October, in pages of ten."""
        first = dt.datetime(2026, 10, 30, tzinfo=dt.UTC) - dt.timedelta(days=count - 1)
        return cls.holding([cls.item(n, first + dt.timedelta(days=n)) for n in range(count)], 10)

    @cached_property
    def items(self) -> list[Item]:
        return [self._made(number) for number in range(self.count)]

    def _made(self, number: int) -> Item:
        more: Item = {self.text_field: "x" * 10_000_000} if self.huge and not number else {}
        return self.item(number, self.instant(number), **more, **({self.id_field: number} if self.other_ids else {}))

    @staticmethod
    def item(number: int, when: dt.datetime = START, **more: Any) -> Item:
        """Return a review as the site tells it, with the number as its id."""
        raise NotImplementedError

    def item_kind(self) -> str:
        return "review"

    def expected(self) -> set[str]:
        return {str(number) for number in range(self.count)}

    def shown(self, items: list[Item], start: int, size: int) -> list[Item]:
        """Return a page of a list that was asked for from `start` on."""
        first = 0 if self.endless else max(0, start - self.shifting)
        return items[first : first + size]


def stand_ins() -> list[type[Base]]:
    """Return the stand-in of every source that has one."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("stand_in_*.py"))
    return [importlib.import_module(f"tests.sources.{name}").StandIn for name in names]


def configured(kind: type[Base], base: str, patch: pytest.MonkeyPatch, attempts: int = 1) -> Settings:
    if kind.key:
        patch.setenv(f"RAPPORT_KEY_{kind.name.upper()}", json.dumps(kind.key))
    purposes = load_source(kind.name).SOURCE.addresses
    patch.setenv("RAPPORT_ADDRESSES", json.dumps({f"{kind.name}.{purpose}": base for purpose in purposes}))
    patch.setenv("RAPPORT_PER_MINUTE", json.dumps({kind.name: 6_000_000}))
    patch.setenv("RAPPORT_HTTP_ATTEMPTS", str(attempts))
    return load_settings()


def pull(data: DataDir, platform: Base, night: dt.date = NIGHT, attempts: int = 1) -> FetchResult:
    """Fetch one night from a stand-in on loopback. Raises what fetch raises."""
    platform.night = night
    with serving(platform) as base, pytest.MonkeyPatch.context() as patch:
        settings = configured(type(platform), base, patch, attempts)
        return fetch(platform.name, night, platform.practices(), data, settings, say=lambda line: None)


def pulled(data: DataDir, platform: Base, night: dt.date = NIGHT) -> Receipt:
    """Fetch one night from a stand-in and return what its only visit says of itself."""
    pull(data, platform, night)
    [receipt] = receipts(data, platform, night)
    return receipt


def receipts(data: DataDir, platform: Base, night: dt.date = NIGHT) -> list[Receipt]:
    return data.receipts(platform.name, night)


def found_in(data: DataDir, platform: Base, night: dt.date = NIGHT) -> list[Record | SetAside]:
    """Return what the source reads from everything a night kept, before the same things are counted once."""
    source = load_source(platform.name)
    return [
        item
        for receipt in receipts(data, platform, night)
        for page in data.saved_pages(receipt)
        for item in source.read(page, platform.practices())
    ]


def records_in(data: DataDir, platform: Base, kind: str, night: dt.date = NIGHT) -> list[Record]:
    return [item for item in found_in(data, platform, night) if isinstance(item, Record) and item.kind == kind]


def page_of(kind: type[Base], body: Any, path: str = "p.json") -> SavedPage:
    """Return a body (bytes, or what becomes JSON) as a page that was kept for the practice."""
    receipt = Receipt(source=kind.name, night=NIGHT, label="riverside", about={"practice_id": "riverside"})
    return SavedPage(path=path, body=body if isinstance(body, bytes) else json.dumps(body).encode(), receipt=receipt)


def read_body(kind: type[Base], body: Any, path: str = "p.json") -> list[Record | SetAside]:
    return list(load_source(kind.name).read(page_of(kind, body, path), kind.practices()))


def records_of_body(kind: type[Base], body: Any, path: str = "p.json") -> list[Record]:
    """Return the records of a body that has nothing else in it."""
    found = read_body(kind, body, path)
    assert all(isinstance(item, Record) for item in found)
    return [item for item in found if isinstance(item, Record)]


def tools_for(kind: type[Base], settings: Settings, client: Client, data: DataDir) -> Tools:
    source = load_source(kind.name).SOURCE
    return Tools(source=source, settings=settings, client=client, exports=data.exports, tokens=TokenStore(data.tokens))
