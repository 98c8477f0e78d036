"""Budget: what the nights to come will cost of each key's quota, of time and of money, before they are pulled.

Every source's head says what a practice of usual size costs; practices.toml says how many there are. What exceeds a
quota, a night or a limit of money is a problem, and each problem names its ways out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipelines.practices import Practices
from pipelines.settings import Settings
from pipelines.sources import Source, load_source, source_names

# A month of 31 nights has at most its first and four weekly sweeps beside.
SWEEPS_A_MONTH, NIGHTS_A_MONTH = 5, 31
# From half past two until people come to work.
LONGEST_NIGHT_MINUTES = 300


class Load(NamedTuple):
    """How many practices one key of a source is asked for."""

    source: str
    key: str
    practices: int


class Problem(msgspec.Struct, frozen=True):
    """What will not fit, and every way to make it fit."""

    what: str
    fixes: tuple[str, ...]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What one key of a source will cost: requests of most nights and of the first of a month, when all are swept.

    Minutes and dollars are those of the whole source, whose keys share one pace and one limit.
    """

    source: str
    key: str
    practices: int
    calls: int
    sweep_calls: int
    calls_a_day: int | None
    minutes: float
    sweep_minutes: float
    dollars_a_month: Decimal
    most_dollars_a_month: Decimal | None
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        quota = "no daily quota known" if self.calls_a_day is None else f"of {self.calls_a_day} a day"
        said = (
            f"{self.practices} practices: {self.calls} requests on most nights, {self.sweep_calls} on the 1st, "
            f"{quota}; {math.ceil(self.minutes)} and {math.ceil(self.sweep_minutes)} minutes"
        )
        if not self.dollars_a_month:
            return said
        most = "no limit set" if self.most_dollars_a_month is None else f"limit ${self.most_dollars_a_month}"
        return f"{said}; ${self.dollars_a_month} a month, {most}"


def loads(practices: Practices, exports: Path) -> list[Load]:
    """Return how many practices each key of each source is asked for, of the sources that are asked and used."""
    counts: Counter[tuple[str, str]] = Counter()
    for name in source_names():
        source = load_source(name)
        if source.SOURCE.cost:
            for planned in source.visits(practices, exports):
                counts[name, planned.key] += max(1, len(planned.about.get("practice_id", "").split()))
    return [Load(name, key, count) for (name, key), count in sorted(counts.items())]


def forecast(loaded: Iterable[Load], settings: Settings) -> list[Forecast]:
    """Return what each load will cost, by the sources' heads and the operator's settings."""
    held = list(loaded)
    whole = Counter[str]()
    for load in held:
        whole[load.source] += load.practices
    return [_forecast(load, whole[load.source], load_source(load.source).SOURCE, settings) for load in held]


def _forecast(load: Load, practices: int, source: Source, settings: Settings) -> Forecast:
    cost = source.cost
    if cost is None:
        raise ValueError(f"{source.name} has no cost")
    pace = settings.per_minute.get(source.name, source.per_minute)
    most = settings.dollars_a_month.get(source.name)
    items = cost.items * (NIGHTS_A_MONTH - SWEEPS_A_MONTH) + cost.sweep_items * SWEEPS_A_MONTH
    dollars = (items * practices * cost.price_per_item).quantize(Decimal("0.01"), ROUND_UP)
    found = Forecast(
        source=source.name,
        key=load.key,
        practices=load.practices,
        calls=cost.calls * load.practices,
        sweep_calls=cost.sweep_calls * load.practices,
        calls_a_day=settings.calls_a_day.get(source.name, cost.calls_a_day),
        minutes=cost.calls * practices / pace,
        sweep_minutes=cost.sweep_calls * practices / pace,
        dollars_a_month=dollars,
        most_dollars_a_month=most,
        problems=(),
    )
    problems = [*_quota(found, source), *_time(found, source, practices, pace), *_money(found, source, practices)]
    return msgspec.structs.replace(found, problems=tuple(problems))


def _quota(found: Forecast, source: Source) -> list[Problem]:
    worst = max(found.calls, found.sweep_calls)
    if found.calls_a_day is None or worst <= found.calls_a_day:
        return []
    fit = found.calls_a_day * found.practices // worst
    fixes = [f"ask {source.title} for {worst} requests a day, then set RAPPORT_CALLS_A_DAY"]
    if fit:
        keys = math.ceil(found.practices / fit)
        fixes.append(f"use {keys} keys with at most {fit} practices each: `key` in practices.toml")
    fixes.append(f"take {source.name} out of {found.practices - fit} practices")
    what = f"the 1st of a month needs {worst} requests with one key, and a day has {found.calls_a_day}"
    return [Problem(what, tuple(fixes))]


def _time(found: Forecast, source: Source, practices: int, pace: float) -> list[Problem]:
    worst = max(found.minutes, found.sweep_minutes)
    if worst <= LONGEST_NIGHT_MINUTES:
        return []
    fit = math.floor(practices * LONGEST_NIGHT_MINUTES / worst)
    return [
        Problem(
            f"the 1st of a month takes {math.ceil(worst)} minutes, and a night has {LONGEST_NIGHT_MINUTES}",
            (
                f"ask {source.title} for {math.ceil(pace * worst / LONGEST_NIGHT_MINUTES)} requests a minute, then set "
                "RAPPORT_PER_MINUTE",
                f"take {source.name} out of {practices - fit} practices",
            ),
        )
    ]


def _money(found: Forecast, source: Source, practices: int) -> list[Problem]:
    most = found.most_dollars_a_month
    if most is None or found.dollars_a_month <= most:
        return []
    fit = int(most * practices / found.dollars_a_month)
    return [
        Problem(
            f"a month costs ${found.dollars_a_month}, and the limit is ${most}: visits will leave things out",
            (
                f"raise the limit in RAPPORT_DOLLARS_A_MONTH to {found.dollars_a_month}",
                f"take {source.name} out of {practices - fit} practices",
            ),
        )
    ]
