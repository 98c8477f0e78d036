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
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol, cast

import msgspec

from pipelines.errors import RapportError, UnknownName
from pipelines.http import Client
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import Settings


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The declarative head of a source."""

    name: str
    title: str
    policy: Policy
    gives: tuple[str, ...]
    # The one site a platform is; empty for files, whose rows name theirs.
    site: str = ""
    key_fields: tuple[str, ...] = ()
    # A file an owner handed over is pulled once; a platform is asked every night.
    once: bool = False
    # It shows some reviews of its own choice: they are neither counted nor averaged, and no month waits for all.
    sampled: bool = False


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One visit to make. `about` goes into the receipt, so it must not hold a secret."""

    label: str
    practice_id: str = ""
    key: str = ""
    about: dict[str, str] = {}
    since: dt.datetime | None = None
    sweep: bool = True


class Page(msgspec.Struct, frozen=True, kw_only=True):
    body: bytes
    suffix: str = "json"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit brought: `complete` only if everything there was has been listed."""

    complete: bool
    expected: int | None = None
    newest: dt.datetime | None = None
    # What the platform says is left of the day's requests, if it says so.
    quota_left: int | None = None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit's records stand for: everything there is (so absence means removal), and a site with replies."""

    complete: bool
    can_reply: bool


class Tools(msgspec.Struct, kw_only=True):
    """What fetch() may use. `memory` lives as long as one run, for example for access tokens."""

    settings: Settings
    client: Client
    exports: Path
    memory: dict[str, str] = {}


class SourceModule(Protocol):
    SOURCE: Source

    def visits(self, practices: Practices, exports: Path) -> list[Planned]: ...
    def per_minute(self, settings: Settings) -> float: ...
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
