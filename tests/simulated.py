"""Practices generated from known rates, written as the features of one complete night, and what those rates come to.

The truth of a figure is its large-sample limit: what it would be if the same rates went on and on. It is worked out
here from the rates alone, by other formulas than those of SQL and of `pipelines`, and needs no review.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from pipelines.landing import DataDir, atomic_path
from pipelines.practices import Practice, Practices
from pipelines.records import COMPLETENESS, FEATURES, write_table
from tests.histories import Row, visit

NIGHT = dt.date(2026, 11, 1)
MONTH = dt.date(2026, 10, 1)
LAST_DAY = dt.date(2026, 10, 31)
# A week that lies whole within the month.
WEEK = dt.date(2026, 10, 12)
TALK = "bluesky"
# Hours to an answer of those that come at all: half of them within a day and a half, a tenth later than eleven days.
HOURS, HOURS_SPREAD = 36.0, 1.6
DAYS_BACK = 90
Chance = np.random.Generator
Stars = tuple[float, float, float, float, float]
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Site:
    """One site's true rates. `monthly` and `stars` hold one entry a month, oldest first; the last is October 2026.

    `exactly` sets the number of all reviews together, which then come evenly; `answered` is the chance that a review
    is ever answered; `praised` gives, by topic and polarity, the chance each month that a review says so; `burst`
    reviews of `burst_stars` come in one week of October, all in the same words.
    """

    monthly: tuple[float, ...]
    stars: tuple[Stars, ...]
    name: str = "google"
    source: str = "google_business"
    exactly: int | None = None
    answered: float = 0.7
    praised: tuple[tuple[str, tuple[float, ...]], ...] = ()
    burst: int = 0
    burst_stars: int = 1

    @property
    def days(self) -> list[dt.date]:
        """The first day of each month, and of the month after the last."""
        last = MONTH.year * 12 + MONTH.month - 1
        return [dt.date(n // 12, n % 12 + 1, 1) for n in range(last - len(self.monthly) + 1, last + 2)]

    def daily(self) -> list[tuple[dt.date, float, Stars]]:
        """Each day with the reviews expected on it and the chances of their stars."""
        months = list(zip(pairwise(self.days), self.monthly, self.stars, strict=True))
        all_days = (self.days[-1] - self.days[0]).days
        return [
            (
                first + dt.timedelta(days=n),
                self.exactly / all_days if self.exactly else monthly / (end - first).days,
                stars,
            )
            for (first, end), monthly, stars in months
            for n in range((end - first).days)
        ]


@dataclass(frozen=True)
class Manners:
    """How a practice talks: its posts in 90 days, the people of the 90 days before, and the true share of each part."""

    posts: int
    past_people: int
    answered: float
    deep: float
    came_back: float
    advocates: float
    helpful: float
    reaching_out: float
    # Of the posts, so many are asked a question below.
    asked: float = 0.8

    @property
    def outreach(self) -> float:
        """The acts elsewhere that make up `reaching_out` of all acts, with one answer to each question answered."""
        own = self.posts * (1 + self.asked * self.answered)
        return own * self.reaching_out / (1 - self.reaching_out)


@dataclass(frozen=True)
class Setting:
    """One kind of practice: `changed` names the metrics and parts whose truth differs between months compared."""

    name: str
    sites: tuple[Site, ...] = ()
    manners: Manners | None = None
    changed: frozenset[tuple[str, str]] = frozenset()


def practice_ids(setting: Setting, practices: int) -> list[str]:
    return [f"{setting.name}-{number:05d}" for number in range(practices)]


def setting_of(practice_id: str) -> str:
    return practice_id.rpartition("-")[0]


# What the rates come to.


@cache
def answered_within(site: Site, hours: float) -> float:
    """Return the true share of reviews answered within so many hours (log-normal times of those ever answered)."""
    return site.answered * float(stats.lognorm.cdf(hours, HOURS_SPREAD, scale=HOURS))


@cache
def median_hours(site: Site) -> float | None:
    """Return the hours by which half of all reviews are answered, or None if half never are."""
    if site.answered <= 0.5:
        return None
    return float(stats.lognorm.ppf(0.5 / site.answered, HOURS_SPREAD, scale=HOURS))


def stars_of_month(site: Site) -> Array:
    """Return the true shares of 1 to 5 stars of the last month."""
    return np.array(site.stars[-1])


@cache
def decayed_counts(site: Site, *, with_burst: bool) -> Array:
    """Return the expected reviews of 1 to 5 stars of 24 months, each day's counted half every 180 days."""
    counts = np.zeros(5)
    earliest = dt.date(LAST_DAY.year - 2, LAST_DAY.month, LAST_DAY.day)
    for day, reviews, stars in site.daily():
        if day > earliest:
            counts += reviews * _halved(day) * np.array(stars)
    if with_burst:
        counts[site.burst_stars - 1] += sum(site.burst / 7 * _halved(WEEK + dt.timedelta(days=n)) for n in range(7))
    return counts


def _halved(day: dt.date) -> float:
    return float(0.5 ** ((LAST_DAY - day).days / 180))


def site_shares(sites: tuple[Site, ...]) -> list[float]:
    """Return each site's share of the reviews expected in the calendar year before the month's."""
    if len(sites) == 1:
        return [1.0]
    of_year = [sum(reviews for day, reviews, _ in site.daily() if day.year == MONTH.year - 1) for site in sites]
    return [reviews / sum(of_year) for reviews in of_year]


@cache
def true_reputation(sites: tuple[Site, ...], *, with_burst: bool = True) -> float:
    """Return the score that the rates come to: 60 for the level, 20 for three stars or more, 20 for quick answers.

    Evidence without end leaves nothing of the prior. Answers are counted over all sites together; the critical reviews
    of an attack get theirs as often as others.
    """
    counts = [decayed_counts(site, with_burst=with_burst) for site in sites]
    points = 0.0
    for of_site, share in zip(counts, site_shares(sites), strict=True):
        stars = of_site / of_site.sum()
        points += share * (15 * float(stars @ np.arange(5)) + 20 * float(stars[2:].sum()))
    due = [float(of_site[:3].sum()) for of_site in counts]
    quick = sum(n * answered_within(site, 168) for n, site in zip(due, sites, strict=True)) / sum(due)
    return points + 20 * quick


@cache
def true_engagement(manners: Manners) -> float:
    """Return the score that the six true shares come to: each is worth its points at its target and no more above."""
    parts = (
        (25, 0.90, manners.answered),
        (20, 0.40, manners.deep),
        (15, 0.40, manners.came_back),
        (15, 0.20, manners.advocates),
        (15, 0.80, manners.helpful),
        (10, 0.40, manners.reaching_out),
    )
    return sum(points * min(share, target) / target for points, target, share in parts)


# What one night would bring of them.


def write(data: DataDir, settings: Iterable[Setting], practices: int, seed: int) -> Practices:
    """Write a complete night of so many practices of each setting, and return who they are."""
    tables: dict[str, list[pa.Table]] = defaultdict(list)
    visits: dict[tuple[str, dt.date], list[Row]] = defaultdict(list)
    known: list[Practice] = []
    for setting in settings:
        ids = practice_ids(setting, practices)
        known += [Practice(id=each, name=each, time_zone="UTC") for each in ids]
        # Every setting draws from a sequence of its own, so that another one more or less moves nothing.
        chance = np.random.default_rng([seed, *setting.name.encode()])
        for site in setting.sites:
            tables[site.source] += _reviews(site, ids, chance)
            visits[site.source, NIGHT] += [visit(site.source, site.name, NIGHT, each, fetched=1) for each in ids]
        if setting.manners:
            tables[TALK].append(_talk(setting.manners, ids, chance))
            # A list of long ago: from it on everything said is known.
            for night in (NIGHT - dt.timedelta(days=2 * DAYS_BACK), NIGHT):
                visits[TALK, night] += [visit(TALK, TALK, night, each, fetched=int(night == NIGHT)) for each in ids]
    for source, parts in tables.items():
        with atomic_path(data.features(source, NIGHT)) as partial:
            pq.write_table(pa.concat_tables(parts), partial, compression="zstd", store_schema=False)
    for (source, night), rows in visits.items():
        if night != NIGHT:
            with atomic_path(data.features(source, night)) as partial:
                write_table([], FEATURES, partial)
        with atomic_path(data.completeness(source, night)) as partial:
            write_table(rows, COMPLETENESS, partial)
    return Practices(practice=tuple(known))


def _table(kind: str | list[str], source: str, site: str, rows: int, **columns: Any) -> pa.Table:
    """One Arrow table of features: a column given as one value is the same in every row, one not given is empty."""
    given = {
        "kind": kind,
        "source": source,
        "site": site,
        "night": NIGHT,
        "page": "simulated",
        "model_id": "simulated",
        "position": np.arange(rows, dtype=np.int32),
        "has_text": True,
        "emoji_only": False,
        **columns,
    }
    arrays = []
    for of in FEATURES:
        value = given.get(of.name)
        if value is None:
            arrays.append(pa.nulls(rows, of.type))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "M":
            arrays.append(pa.array(value).cast(of.type))
        elif isinstance(value, (list, np.ndarray)):
            arrays.append(pa.array(value, of.type))
        else:
            arrays.append(pa.repeat(pa.scalar(value, of.type), rows))
    return pa.Table.from_arrays(arrays, schema=FEATURES)


def _instants(days: Array, chance: Chance) -> Array:
    """Return a moment of the day for each day."""
    seconds = chance.integers(0, 86400, len(days))
    moments: Array = days.astype("datetime64[us]") + (seconds * 1_000_000).astype("timedelta64[us]")
    return moments


def _reviews(site: Site, ids: list[str], chance: Chance) -> list[pa.Table]:
    lengths = np.array([(end - first).days for first, end in pairwise(site.days)])
    shape = (len(ids), len(site.monthly))
    if site.exactly:
        numbers = chance.multinomial(site.exactly, lengths / lengths.sum(), size=len(ids))
    else:
        numbers = chance.poisson(site.monthly, shape)
    practice = np.repeat(np.arange(len(ids)), numbers.sum(axis=1))
    month = np.concatenate([np.repeat(np.arange(shape[1]), row) for row in numbers])
    firsts = np.array(site.days[:-1], dtype="datetime64[D]")
    days = firsts[month] + (chance.random(len(month)) * lengths[month]).astype("timedelta64[D]")
    # The star whose cumulated chance a number drawn between 0 and 1 falls under.
    steps = np.cumsum(np.array(site.stars), axis=1)[:, :4]
    stars = 1 + (chance.random(len(month))[:, None] >= steps[month]).sum(axis=1)
    words: list[str | None] = [None] * len(month)
    if site.burst:
        attacked = np.repeat(np.arange(len(ids)), site.burst)
        practice = np.concatenate([practice, attacked])
        month = np.concatenate([month, np.full(len(attacked), shape[1] - 1)])
        within = chance.integers(0, 7, len(attacked)).astype("timedelta64[D]")
        days = np.concatenate([days, np.datetime64(WEEK) + within])
        stars = np.concatenate([stars, np.full(len(attacked), site.burst_stars)])
        words += ["the same words"] * len(attacked)
    written = _instants(days, chance)
    names = [ids[n] for n in practice]
    items = [f"{site.name}-{n}" for n in range(len(names))]
    told = {"sentiment": "positive", "topics": _topics(site, month, chance)} if site.praised else {}
    reviews = _table(
        "review",
        site.source,
        site.name,
        len(names),
        practice_id=names,
        item_id=items,
        created_at=written,
        created_local=written,
        updated_at=written,
        stars=stars.astype(np.int8),
        words=9,
        text_key=words,
        **told,
    )
    hours = np.exp(chance.normal(np.log(HOURS), HOURS_SPREAD, len(names)))
    at = written + (hours * 3.6e9).astype("timedelta64[us]")
    answered = (chance.random(len(names)) < site.answered) & (at < np.datetime64(NIGHT))
    of = np.flatnonzero(answered)
    replies = _table(
        "reply",
        site.source,
        site.name,
        len(of),
        practice_id=[names[n] for n in of],
        item_id=[f"{items[n]}/reply" for n in of],
        parent_id=[items[n] for n in of],
        created_at=at[of],
        updated_at=at[of],
        voice="practice",
    )
    return [reviews, replies]


def _topics(site: Site, month: Array, chance: Chance) -> list[list[dict[str, Any]]]:
    said: list[list[dict[str, Any]]] = [[] for _ in month]
    for part, by_month in site.praised:
        topic, polarity = part.split("/")
        for n in np.flatnonzero(chance.random(len(month)) < np.array(by_month)[month]):
            said[n].append({"topic": topic, "polarity": polarity, "sentence": 1})
    return said


def _talk(manners: Manners, ids: list[str], chance: Chance) -> pa.Table:
    """Return a half year of talk: in the older half people are met, and in the newer every part happens by chance.

    A question is answered within a day or never. A thread is deep because a second person answers the first, so that
    depth does not hang on the answer.
    """
    columns: dict[str, list[Any]] = defaultdict(list)
    end = np.datetime64(NIGHT, "us")
    hour = np.timedelta64(3600, "s")

    def add(kind: str, practice_id: str, item_id: str, at: Any, author: str, **more: Any) -> None:
        if at >= end:
            return
        row = {"parent_id": None, "thread_id": None, "acts": [], "content_type": None, "place": None} | more
        row |= {"voice": "practice" if author == "us" else "outside", "author_key": author}
        row |= {"kind": kind, "practice_id": practice_id, "item_id": item_id, "created_at": at}
        for name, value in row.items():
            columns[name].append(value)

    def moment(days_from: int, days_to: int) -> Any:
        return end - np.timedelta64(int(chance.integers(days_to * 86400 + 1, days_from * 86400)), "s")

    def advocates() -> list[str]:
        return ["advocacy"] if chance.random() < manners.advocates else []

    for each in ids:
        for n in range(manners.past_people):
            # Each of the older posts meets somebody.
            at = moment(2 * DAYS_BACK - 1, DAYS_BACK + 2)
            add("post", each, f"past-{n}", at, "us")
            add("comment", each, f"past-{n}/c", at + hour, f"old-{n}", parent_id=f"past-{n}", thread_id=f"past-{n}")
        for n in range(manners.posts):
            post, at = f"post-{n}", moment(DAYS_BACK - 1, 0)
            kind = "health_information" if chance.random() < manners.helpful else "promotion"
            add("post", each, post, at, "us", content_type=kind)
            if chance.random() >= manners.asked:
                continue
            below = {"thread_id": post}
            acts = ["question", "substantive", *advocates()]
            add("comment", each, f"{post}/q", at + hour, f"asks-{n}", parent_id=post, acts=acts, **below)
            if chance.random() < manners.answered:
                later = at + hour * int(chance.integers(2, 24))
                add("comment", each, f"{post}/a", later, "us", parent_id=f"{post}/q", **below)
            if chance.random() < manners.deep:
                told = {"parent_id": f"{post}/q", "acts": ["substantive", *advocates()], **below}
                add("comment", each, f"{post}/b", at + 2 * hour, f"joins-{n}", **told)
        for n in np.flatnonzero(chance.random(manners.past_people) < manners.came_back).tolist():
            post = f"post-{chance.integers(manners.posts)}"
            here = {"parent_id": post, "thread_id": post, "acts": advocates()}
            add("comment", each, f"again-{n}", end - hour * (2 + n), f"old-{n}", **here)
        for n in range(int(chance.poisson(manners.outreach))):
            elsewhere = {"thread_id": f"theirs-{n}", "parent_id": f"theirs-{n}", "place": "town"}
            add("comment", each, f"outreach-{n}", moment(DAYS_BACK - 1, 0), "us", **elsewhere)
    at = np.array(columns.pop("created_at"), dtype="datetime64[us]")
    kinds = columns.pop("kind")
    return _table(kinds, TALK, TALK, len(at), created_at=at, created_local=at, updated_at=at, **columns)
