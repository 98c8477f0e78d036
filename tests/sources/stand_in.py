"""A platform on loopback for tests, in its own manner: what every stand-in shares, and how they are found.

`tests/sources/stand_in_<source>.py` defines `StandIn(Base)`. The tests of `test_every_source.py` then run over it.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.fetch import FetchResult, fetch
from pipelines.http import Client
from pipelines.landing import DataDir, Receipt
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import Settings, load_settings
from pipelines.sources import Tools, load_source
from pipelines.tokens import TokenStore
from tests.conftest import Answer, serving

NIGHT = dt.date(2026, 10, 31)
START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


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

    def __init__(self, count: int, page_size: int | None = None) -> None:
        self.count, self.page_size = count, min(page_size or self.largest_page, self.largest_page)
        self.endless = self.shifting = self.huge = self.skewed = self.other_ids = False
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
        if isinstance(told, tuple):
            return told
        return 200, {"Content-Type": "application/json"}, told if isinstance(told, bytes) else json.dumps(told).encode()

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
    with serving(platform) as base, pytest.MonkeyPatch.context() as patch:
        settings = configured(type(platform), base, patch, attempts)
        return fetch(platform.name, night, platform.practices(), data, settings, say=lambda line: None)


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


def tools_for(kind: type[Base], settings: Settings, client: Client, data: DataDir) -> Tools:
    source = load_source(kind.name).SOURCE
    return Tools(source=source, settings=settings, client=client, exports=data.exports, tokens=TokenStore(data.tokens))
