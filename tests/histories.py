"""A seeded history of nights, written as the files that scoring leaves, and a slow plain-Python account of it.

The account is the second implementation of every metric: it knows the rules, and nothing of SQL.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.build import build
from pipelines.landing import DataDir, atomic_path
from pipelines.practices import HandledPrivately, Practice, Practices
from pipelines.records import COMPLETENESS, FEATURES, write_table

UTC = dt.UTC
# Handed over on some nights as a whole; their terms allow stars to be combined, or they have none.
FILES = ("owner_export", "vendor_feed")
ATTACK = dt.date(2026, 9, 28)
RUSH = dt.date(2026, 8, 10)
Row = dict[str, Any]


def feature(kind: str, source: str, site: str, night: dt.date, practice_id: str, item_id: str, **more: Any) -> Row:
    """One row of features; what is not given is as in a review without anything."""
    row: Row = dict.fromkeys(FEATURES.names)
    row |= {
        "kind": kind,
        "source": source,
        "site": site,
        "night": night,
        "practice_id": practice_id,
        "item_id": item_id,
        "has_text": False,
        "page": f"pages/{source}/{night}/{practice_id}/0001.json.zst",
        "position": 1,
        "model_id": "test",
    }
    return row | more


def visit(source: str, site: str, night: dt.date, practice_id: str, **more: Any) -> Row:
    """One row of completeness; what is not given is as of a whole night that listed everything."""
    row: Row = {
        "source": source,
        "site": site,
        "night": night,
        "label": practice_id,
        "practice_id": practice_id,
        "status": "ok",
        "complete": True,
        "can_reply": True,
        "expected": None,
        "fetched": 0,
        "set_aside": 0,
        "why": None,
    }
    return row | more


def write_night(data: DataDir, source: str, night: dt.date, features: Iterable[Row], visits: Iterable[Row]) -> None:
    """Leave a night's files as `read` and `score` do."""
    for rows, schema, path in (
        (features, FEATURES, data.features(source, night)),
        (visits, COMPLETENESS, data.completeness(source, night)),
    ):
        with atomic_path(path) as partial:
            write_table(rows, schema, partial)


@dataclass
class Reply:
    item_id: str
    seen_from: dt.date
    written_at: dt.datetime
    pending_until: dt.date | None = None
    edited_on: dt.date | None = None
    deleted_on: dt.date | None = None
    judged: Row = field(default_factory=dict)

    def exists(self, night: dt.date) -> bool:
        return self.seen_from <= night and (self.deleted_on is None or night < self.deleted_on)

    def version(self, night: dt.date) -> tuple[str | None, dt.datetime]:
        state = "pending" if self.pending_until and night < self.pending_until else None
        edited = self.edited_on is not None and self.edited_on <= night
        at = dt.datetime.combine(self.edited_on, dt.time(1), UTC) if edited and self.edited_on else self.written_at
        return state, at


@dataclass
class Review:
    """The truth of one review: what a complete list of a night would say of it."""

    item_id: str
    written_at: dt.datetime
    stars: int | None
    gone_on: dt.date | None = None
    edited_on: dt.date | None = None
    edited_stars: int | None = None
    edited_state: str | None = None
    reply: Reply | None = None
    state: str | None = None
    text_key: str | None = None
    url: str | None = None
    judged: Row = field(default_factory=dict)

    def exists(self, night: dt.date) -> bool:
        return self.written_at.date() < night and (self.gone_on is None or night < self.gone_on)

    def stars_on(self, night: dt.date) -> int | None:
        return self.edited_stars if self.edited_on and self.edited_on <= night else self.stars

    def state_on(self, night: dt.date) -> str | None:
        return self.edited_state if self.edited_on and self.edited_on <= night else self.state

    def changed_on(self, night: dt.date) -> bool:
        days = [self.written_at.date() + dt.timedelta(days=1), self.edited_on]
        if self.reply:
            days += [self.reply.seen_from, self.reply.edited_on, self.reply.pending_until]
        return night in days


@dataclass
class Site:
    source: str
    site: str
    practice_id: str
    time_zone: str
    can_reply: bool
    reviews: list[Review] = field(default_factory=list)


@dataclass
class History:
    practices: Practices
    sites: list[Site]
    nights: dict[tuple[str, str], dict[dt.date, str]]
    features: dict[tuple[str, dt.date], list[Row]]
    visits: dict[tuple[str, dt.date], list[Row]]

    def write(self, data: DataDir, *, shuffled: random.Random | None = None) -> None:
        """Write every night's files, in the order of nights or in another one."""
        keys = sorted(self.features)
        if shuffled:
            shuffled.shuffle(keys)
        for source, night in keys:
            write_night(data, source, night, self.features[source, night], self.visits[source, night])


def seeded_history(seed: int, *, first: dt.date, nights: int, vanity: int = 1) -> History:
    """Three practices and their sites over many nights: complete, partial and failed ones, edits, deletions, replies.

    Riverside has two years of past, an attack and a rush; `vanity` multiplies what a platform counts of followers.
    """
    chance = random.Random(seed)
    sites = [
        Site("google_business", "google", "riverside", "America/Chicago", True),
        Site("google_business", "google", "hilltop", "Asia/Tokyo", True),
        Site("owner_export", "healthgrades", "riverside", "America/Chicago", False),
        Site("google_business", "google", "quiet", "UTC", True),
    ]
    for site in sites[:3]:
        site.reviews = [
            _review(chance, f"{site.practice_id}-{n}", first, nights)
            for n in range(chance.randint(60, 90) if site.can_reply else 25)
        ]
    sites += _sites_with_a_past(sites, random.Random(seed), first)
    for site in sites:
        for review in site.reviews:
            _judge(site, review)
    zones = {site.practice_id: site.time_zone for site in sites}
    people = tuple(
        Practice(
            id=name,
            name=name.title(),
            time_zone=zone,
            # Every third has no target.
            answer_within_days=(None, 2, 10)[number % 3],
            handled_privately=_marks(name, sites),
        )
        for number, (name, zone) in enumerate(zones.items(), 1)
    )
    features: dict[tuple[str, dt.date], list[Row]] = defaultdict(list)
    visits: dict[tuple[str, dt.date], list[Row]] = defaultdict(list)
    kinds: dict[tuple[str, str], dict[dt.date, str]] = defaultdict(dict)
    for number in range(nights):
        night = first + dt.timedelta(days=number)
        for site in sites:
            if site.source in FILES and number % 20 != 5:
                continue
            whole = number % 7 == 0 or site.source in FILES
            kind = "failed" if chance.random() < 0.12 and number else "complete" if whole else "partial"
            kinds[site.practice_id, site.site][night] = kind
            seen = [] if kind == "failed" else [r for r in site.reviews if r.exists(night)]
            if kind == "partial":
                seen = [review for review in seen if review.changed_on(night) or chance.random() < 0.1]
            features[site.source, night] += [row for r in seen for row in _rows_of(site, r, night)]
            if kind != "failed" and site.source not in FILES:
                features[site.source, night].append(
                    feature(
                        "metric",
                        site.source,
                        site.site,
                        night,
                        site.practice_id,
                        "followers",
                        metric="followers",
                        value=vanity * (1000 + 7 * number),
                    )
                )
                # Two that it counts have no words and are in no list.
                total = sum(review.exists(night) for review in site.reviews) + 2 * (site.practice_id == "hilltop")
                features[site.source, night].append(
                    feature(
                        "total",
                        site.source,
                        site.site,
                        night,
                        site.practice_id,
                        "total",
                        total_count=total,
                        total_average=_average_shown(site, night),
                    )
                )
            visits[site.source, night].append(
                visit(
                    site.source,
                    site.site,
                    night,
                    site.practice_id,
                    status="failed" if kind == "failed" else "ok",
                    complete=kind == "complete",
                    can_reply=site.can_reply or kind == "failed",
                    fetched=len(seen),
                    set_aside=1 if number == 9 and kind != "failed" else 0,
                    why="the key has expired" if kind == "failed" else None,
                )
            )
    return History(Practices(practice=people), sites, dict(kinds), dict(features), dict(visits))


def _average_shown(site: Site, night: dt.date) -> Decimal | None:
    """Make up the average that a platform shows, which need not be that of the reviews it lists; zero is none."""
    # A month in which one showed none.
    if night.month == 9 and site.practice_id == "hilltop":
        return None
    shown = random.Random(f"{site.practice_id} {site.site} {night}")
    return shown.choice([None, Decimal(0), Decimal("4.3333"), Decimal(5), Decimal(shown.randrange(10, 51)) / 10])


def _sites_with_a_past(sites: list[Site], chance: random.Random, first: dt.date) -> list[Site]:
    """Give the sites a past of two years, an attack and a rush of visitors, and return some more sites."""
    google, _, healthgrades, _ = sites

    def written(day: dt.date, hour: int = 15) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(hour), UTC)

    def past(name: str, monthly: int, months: int, stars: list[int], until: int = 70) -> list[Review]:
        days = [first - dt.timedelta(days=until + chance.randrange(30 * months)) for _ in range(monthly * months)]
        return [Review(f"{name}-{n}", written(day), chance.choice(stars)) for n, day in enumerate(days)]

    google.reviews += past("before", 8, 24, [5, 5, 5, 5, 5, 5, 5, 4, 4, 3])
    for review in google.reviews[-60:]:
        at = review.written_at + dt.timedelta(days=chance.randint(1, 12))
        review.reply = Reply(f"{review.item_id}/reply", first, at)
    google.reviews += [
        Review(f"attack-{n}", written(ATTACK + dt.timedelta(days=n % 7)), 1, text_key="same words") for n in range(14)
    ]
    healthgrades.reviews += past("early", 1, 24, [1, 3, 5, 5])
    zocdoc = Site("owner_export", "zocdoc", "riverside", "America/Chicago", False)
    zocdoc.reviews = past("zocdoc", 3, 26, [2, 4, 5, 5], until=12)
    zocdoc.reviews += [
        Review(f"rush-{n}", written(RUSH + dt.timedelta(days=n % 6)), (2, 4, 5, 5, 5, 4, 5, 2)[n]) for n in range(8)
    ]
    facebook = Site("vendor_feed", "facebook", "hilltop", "Asia/Tokyo", True)
    facebook.reviews = [
        Review(
            f"facebook-{n}",
            written(first + dt.timedelta(days=n % 60)),
            5 if n < 3 else None,
            state=None if n < 3 else chance.choice(["recommended", "recommended", "recommended", "not_recommended"]),
        )
        for n in range(40)
    ]
    for review in facebook.reviews[3::4]:
        review.edited_on = review.written_at.date() + dt.timedelta(days=25)
        review.edited_state = "not_recommended" if review.state == "recommended" else "recommended"
    for review in facebook.reviews[::2]:
        at = review.written_at + dt.timedelta(days=random.Random(f"answer {review.item_id}").choice([2, 6, 9]))
        review.reply = Reply(f"{review.item_id}/reply", max(first, at.date() + dt.timedelta(days=1)), at)
    young = [
        Site("owner_export", name, "quiet", "UTC", False, [Review(f"{name}-{n}", written(first), 4) for n in range(3)])
        for name in ("survey", "webmd")
    ]
    return [zocdoc, facebook, *young]


def _marks(practice_id: str, sites: list[Site]) -> tuple[HandledPrivately, ...]:
    """Have the owner say of some reviews, by id or by link, that they were settled; some links mean more than one."""
    marks = []
    for site in (site for site in sites if site.practice_id == practice_id):
        for review in site.reviews:
            chance = random.Random(f"mark {review.item_id}")
            review.url = f"https://{site.site}.example/{chance.choice([review.item_id, review.item_id, 'all'])}"
            if chance.random() < 0.25:
                for item in chance.choice([[review.item_id], [review.url], [review.item_id, review.url]]):
                    on = review.written_at.date() + dt.timedelta(days=chance.choice([1, 3, 20, 60, 400]))
                    marks.append(HandledPrivately(item=item, on=on))
    return tuple(marks)


_INVITED = [["no_invitation"], ["open_invitation"], ["gated_invitation", "yelp_invitation"], ["worded_invitation"]]


def _judge(site: Site, review: Review) -> None:
    """Make up what judging the words would say, from the review's own id, so that no other chance is disturbed."""
    chance = random.Random(review.item_id)
    words = chance.choice([None, 1, 4, 5, 9, 30])
    review.text_key = review.text_key or (chance.choice(["thanks", review.item_id]) if words else None)
    review.judged = {
        "has_text": words is not None,
        "words": words,
        "author_key": f"author-{chance.randrange(40)}" if site.can_reply else None,
    }
    # What the terms of a site forbid to judge, and a language without a test set.
    if words and site.site != "healthgrades":
        foreign = chance.random() < (0.95 if site.practice_id == "hilltop" else 0.1)
        review.judged["sentiment"] = "not_checked" if foreign else chance.choice(["positive", "negative", "unsure"])
        if not foreign:
            review.judged["topics"] = [
                {"topic": topic, "polarity": polarity, "sentence": sentence}
                for sentence in range(1, chance.randint(1, 3) + 1)
                for topic in ("bedside_manner", "facility_comfort", "wait_on_site")
                for polarity in chance.choices(["positive", "negative", "neutral", ""], [5, 2, 1, 6])
                if polarity
            ]
            review.judged["alerts"] = sorted(
                alert for alert in ("ALERT_privacy", "ALERT_safety") if chance.random() < 0.08
            )
    if review.reply:
        verdict = chance.choices(["pattern", "look", "generic", "not_checked"], [3, 5, 2, 1])[0]
        review.reply.judged = {
            "disclosure": verdict,
            "disclosure_severity": chance.choice(["critical", "high", "caution"]) if verdict == "pattern" else None,
            "generic": None if site.practice_id == "hilltop" else chance.random() < 0.3,
            "disclosure_classes": chance.choice([["P1"], ["N1"], ["N2", "P4"], ["N1", "N2"]])
            if verdict == "pattern"
            else [],
            "acts": [] if verdict == "not_checked" else chance.choice([["offline"], ["public"], ["public"], []]),
        }
        # Some were scored before anybody looked for this.
        if verdict != "not_checked" and chance.random() < 0.8:
            review.reply.judged["acts"] = [*review.reply.judged["acts"], *chance.choice(_INVITED)]
    if review.judged.get("sentiment") not in (None, "not_checked") and review.stars:
        review.judged["contradicts_stars"] = chance.random() < 0.2
    if review.judged.get("sentiment") == "unsure" and random.Random(f"{review.item_id}/sounds").random() < 0.6:
        review.judged["sentiment"] = "neutral"
    _ask(site, review, chance)
    # One site does not tell how many reviews an account has written.
    if site.site != "healthgrades":
        account = random.Random(f"{review.item_id}/account")
        alone = account.random() < (0.9 if _in_campaign(review) else 0.3)
        told = ["only_review" if alone else "one_of_several"] if account.random() < 0.95 else []
        review.judged["acts"] = [*review.judged.get("acts", []), *told]


def _ask(site: Site, review: Review, chance: random.Random) -> None:
    """Make up who wrote it, and what a judged review tells of having been asked for: much of it in one month."""
    review.judged["voice"] = "team" if chance.random() < 0.05 else "outside"
    # What was scored before there was the question has no answer; one practice gave no names of its staff.
    if review.judged.get("sentiment") in (None, "not_checked") or chance.random() < 0.1:
        return
    review.judged["acts"] = ["incentive" if chance.random() < 0.1 else "no_incentive"]
    if site.practice_id != "hilltop":
        named = chance.random() < (0.7 if _in_campaign(review) else 0.1)
        review.judged["acts"].append("staff_named" if named else "staff_not_named")


def _in_campaign(review: Review) -> bool:
    return (review.written_at.year, review.written_at.month) == (2026, 9)


def _review(chance: random.Random, name: str, first: dt.date, nights: int) -> Review:
    start = dt.datetime.combine(first, dt.time(0), UTC) - dt.timedelta(days=70)
    written = start + dt.timedelta(seconds=chance.randrange((nights + 70) * 86400))
    stars = chance.choices([1, 2, 3, 4, 5, None], [4, 2, 2, 4, 12, 1])[0]
    review = Review(name, written, stars)
    later = [first + dt.timedelta(days=n) for n in range(nights) if first + dt.timedelta(days=n) > written.date()]
    if later and chance.random() < 0.15:
        review.edited_on, review.edited_stars = chance.choice(later), chance.randint(1, 5)
    if later and chance.random() < 0.15:
        review.gone_on = chance.choice(later)
    if chance.random() < 0.6:
        at = written + dt.timedelta(seconds=int(chance.expovariate(1 / (5 * 86400))))
        seen_from = max(first, at.date() + dt.timedelta(days=1))
        reply = Reply(f"{name}/reply", seen_from, at)
        if chance.random() < 0.2:
            reply.pending_until = seen_from + dt.timedelta(days=chance.randint(1, 9))
        if chance.random() < 0.2:
            reply.edited_on = seen_from + dt.timedelta(days=chance.randint(1, 20))
        if chance.random() < 0.1:
            reply.deleted_on = seen_from + dt.timedelta(days=chance.randint(1, 20))
        review.reply = reply
    return review


def _rows_of(site: Site, review: Review, night: dt.date) -> list[Row]:
    local = review.written_at.astimezone(ZoneInfo(site.time_zone)).replace(tzinfo=None)
    stars = review.stars_on(night)
    edited = review.edited_on is not None and review.edited_on <= night
    rows = [
        feature(
            "review",
            site.source,
            site.site,
            night,
            site.practice_id,
            review.item_id,
            created_at=review.written_at,
            created_local=local,
            updated_at=dt.datetime.combine(review.edited_on, dt.time(1), UTC)
            if edited and review.edited_on
            else review.written_at,
            stars=stars,
            state=review.state_on(night),
            url=review.url,
            text_key=f"{review.text_key}-{stars}" if review.text_key else None,
            **review.judged,
        )
    ]
    if site.can_reply and review.reply and review.reply.exists(night):
        state, at = review.reply.version(night)
        rows.append(
            feature(
                "reply",
                site.source,
                site.site,
                night,
                site.practice_id,
                review.reply.item_id,
                parent_id=review.item_id,
                updated_at=at,
                state=state,
                has_text=True,
                **review.reply.judged,
            )
        )
    return rows


def until(history: History, night: dt.date) -> History:
    """The same history as it was known on a night."""
    return replace(
        history,
        features={key: rows for key, rows in history.features.items() if key[1] <= night},
        visits={key: rows for key, rows in history.visits.items() if key[1] <= night},
        nights={key: {n: k for n, k in kinds.items() if n <= night} for key, kinds in history.nights.items()},
    )


def town() -> History:
    """The history most tests share."""
    return seeded_history(7, first=dt.date(2026, 8, 20), nights=76)


@cache
def built_at(base: Path, night: dt.date | None) -> tuple[DataDir, History]:
    """Build the town's warehouse once per test run (`base` is its temporary folder), as known on a night.

    The workers of a run share it: who comes second waits for it, and nobody writes to it.
    """
    history = town()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    data = DataDir(shared / f"town-{night or 'whole'}")
    with data.root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.warehouse.exists():
            history.write(data)
            # dbt's own unit tests run once: they are about the SQL, not about the night.
            build(data, history.practices, night, lambda _: None, unit_tests=night is None)
    return data, history
