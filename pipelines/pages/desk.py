"""What every page reads from: the settings, the data directory, and what is read anew for each page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Query, Request

from pipelines.decisions import Decision, Decisions
from pipelines.errors import NotReady, UnknownName
from pipelines.landing import DataDir
from pipelines.periods import month_name, parse_month
from pipelines.practices import Practices, load_practices
from pipelines.settings import Settings
from pipelines.urgent import Cause, Causes


@dataclass(frozen=True)
class Desk:
    """Where the pages look; `today` tells which keys end soon."""

    settings: Settings
    data: DataDir
    today: Callable[[], dt.date]
    may_acknowledge: bool

    def practices(self) -> Practices:
        path = self.settings.practices_file
        stat = path.stat() if path.is_file() else None
        return _practices(path, (stat.st_mtime_ns, stat.st_size) if stat else (0, 0))

    def decisions(self, month: str) -> list[Decision]:
        return Decisions(self.data.ledger).of(month) if self.data.ledger.is_file() else []

    def causes(self) -> list[Cause]:
        return Causes(self.data.urgent).all() if self.data.urgent.is_file() else []


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


OurDesk = Annotated[Desk, Depends(_desk)]
Number = Annotated[int, Query(ge=1, le=100_000)]
Text = Annotated[str, Query(max_length=200)]


@lru_cache(maxsize=1)
def _practices(path: Path, version: tuple[int, int]) -> Practices:
    """Read practices.toml once a version of the file: with a thousand practices it takes longer than a page."""
    return load_practices(path)


def chosen_month(asked: str, held: Sequence[dt.date], what: str) -> dt.date:
    """Return the month asked for, or the newest there is. Raises UnknownName, and NotReady where there is none."""
    if not held:
        raise NotReady(f"there are no {what} yet", next_step="Run the DAG nightly first")
    month = parse_month(asked) if asked else held[0]
    if month not in held:
        there = f"There is: {month_name(held[-1])} to {month_name(held[0])}"
        raise UnknownName(f"there are no {what} of {month_name(month)}", next_step=there)
    return month
