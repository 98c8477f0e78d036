"""Small practices with two years of reviews and talk, and nights in which each of them meets with something else.

Nothing of one practice touches another, so one town of many practices is as good as many towns, and one build of it
costs as much as one of them.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pipelines.landing import DataDir
from pipelines.practices import Practice, Practices
from tests.histories import Row, feature, visit, write_night

UTC = dt.UTC
DAY = dt.timedelta(days=1)
REVIEWS, TALK = "google_business", "mastodon"
SITES = {REVIEWS: "google", TALK: "mastodon"}
_STARS = (1, 2, 3, 4, 5, 5, 5, None)
_ACTS = ("question", "substantive", "advocacy", "complaint", "spam", "contest", "discouragement")


@dataclass
class Town:
    """What every night's files hold. A row is put into the night of its own `night`."""

    seed: int
    first: dt.date
    practices: int
    chance: random.Random = field(init=False)
    features: dict[tuple[str, dt.date], list[Row]] = field(default_factory=lambda: defaultdict(list))
    visits: dict[tuple[str, dt.date], dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    of_practice: dict[tuple[str, str], list[Row]] = field(default_factory=lambda: defaultdict(list))
    written: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def copied(self) -> Town:
        """The same town to let something happen in. No row is ever changed, so the rows are the same ones."""
        other = copy.copy(self)
        other.chance = copy.copy(self.chance)
        other.features = defaultdict(list, {key: list(rows) for key, rows in self.features.items()})
        other.visits = defaultdict(dict, {key: dict(rows) for key, rows in self.visits.items()})
        other.of_practice = defaultdict(list, {key: list(rows) for key, rows in self.of_practice.items()})
        return other

    @property
    def ids(self) -> list[str]:
        return [f"p{number:02d}" for number in range(self.practices)]

    @property
    def configured(self) -> Practices:
        return Practices(practice=tuple(Practice(id=name, name=name) for name in self.ids))

    def write(self, data: DataDir, nights: Iterable[tuple[str, dt.date]] | None = None) -> None:
        """Write the files of some nights, or of all."""
        for source, night in sorted(self.visits if nights is None else nights):
            write_night(data, source, night, self.features[source, night], self.visits[source, night].values())

    def add(self, kind: str, source: str, night: dt.date, practice: str, item: str, **more: Any) -> Row:
        return self.keep(feature(kind, source, SITES[source], night, practice, item, **more))

    def keep(self, row: Row) -> Row:
        of_night = self.features[row["source"], row["night"]]
        # Of two rows of one item in one night the later position tells what it is.
        row = row | {"position": len(of_night) + 1}
        of_night.append(row)
        self.of_practice[row["source"], row["practice_id"]].append(row)
        return row

    def withdraw(self, row: Row) -> None:
        self.features[row["source"], row["night"]].remove(row)
        self.of_practice[row["source"], row["practice_id"]].remove(row)

    def visited(self, night: dt.date, **more: Any) -> None:
        """Let a night visit everybody; what is found is what was added before."""
        for source, site in SITES.items():
            for practice in self.ids:
                if practice not in self.visits[source, night]:
                    seen = sum(row["practice_id"] == practice for row in self.features[source, night])
                    told: Row = {"complete": False, "fetched": seen} | more
                    self.visits[source, night][practice] = visit(source, site, night, practice, **told)

    def list_everything(self, source: str, night: dt.date, practice: str, keep: Callable[[Row], bool]) -> None:
        """See again what was seen of a practice and is still kept, as a complete list does."""
        before = [row for row in self.of_practice[source, practice] if row["night"] < night and row["kind"] != "metric"]
        newest = {(row["kind"], row["item_id"]): row for row in sorted(before, key=lambda row: row["night"])}
        for row in newest.values():
            if row["state"] != "removed" and keep(row):
                self.keep(row | {"night": night})
        seen = sum(row["practice_id"] == practice for row in self.features[source, night])
        self.visits[source, night][practice] = visit(source, SITES[source], night, practice, fetched=seen)

    def name(self, letter: str) -> str:
        self.written += 1
        return f"{letter}{self.written}"

    def review(self, night: dt.date, practice: str, written: dt.datetime) -> Row:
        chance = self.chance
        judged = chance.random() < 0.8
        return self.add(
            "review", REVIEWS, night, practice, self.name("r"),
            created_at=written.replace(tzinfo=UTC), created_local=written, updated_at=written.replace(tzinfo=UTC),
            stars=chance.choice(_STARS), has_text=True, words=9, text_key=f"t{chance.randrange(400)}",
            author_key=f"a{chance.randrange(60)}", sentiment="positive" if judged else "not_checked",
            topics=[{"topic": "bedside_manner", "polarity": chance.choice(["positive", "negative"]), "sentence": 0}]
            if judged else None, contradicts_stars=chance.choice([None, True, False]) if judged else None,
            alerts=["ALERT_safety"] if judged and chance.random() < 0.1 else [], url=None,
        )  # fmt: skip

    def reply(self, night: dt.date, review: Row, said: dt.datetime, **more: Any) -> Row:
        return self.add(
            "reply", REVIEWS, night, review["practice_id"], f"{review['item_id']}/reply", parent_id=review["item_id"],
            updated_at=said.replace(tzinfo=UTC), has_text=True, disclosure=self.chance.choice(["none", "pattern"]),
            disclosure_classes=self.chance.choice([None, ["N1"], ["N2", "P1"]]), disclosure_severity="high",
            generic=self.chance.random() < 0.3, **more,
        )  # fmt: skip

    def said(self, kind: str, night: dt.date, practice: str, at: dt.datetime, **more: Any) -> Row:
        chance = self.chance
        item = self.name(kind[0])
        told: Row = {
            "created_at": at.replace(tzinfo=UTC), "created_local": at, "has_text": True, "words": 8,
            "text_key": f"s{chance.randrange(90)}", "acts": chance.sample(_ACTS, chance.randrange(3)),
            "thread_id": item, "mention_keys": chance.choice([[], ["practice"], ["o1"]]),
            "place": chance.choice([None, None, "town"]),
            "url": f"https://social.example/{item}", "content_type": chance.choice(["community", "promotion", None]),
        }  # fmt: skip
        return self.add(kind, TALK, night, practice, item, **(told | more))

    def thread(self, night: dt.date, practice: str, at: dt.datetime) -> Row:
        own = self.chance.random() < 0.7
        post = self.said(
            "post", night, practice, at, voice="practice" if own else "outside",
            author_key=None if own else f"b{self.chance.randrange(9)}", matched=None if own else "name",
        )  # fmt: skip
        for _ in range(self.chance.randrange(5)):
            self.comment(night, post, at + dt.timedelta(hours=self.chance.randrange(1, 20)))
        if own:
            self.likes(night, post)
        return post

    def comment(self, night: dt.date, post: Row, at: dt.datetime) -> Row:
        practice, last = post["practice_id"], self.seen(TALK, post["practice_id"], "comment")[-2:]
        voice = self.chance.choice(["outside", "outside", "organisation", "practice"])
        told: Row = {"voice": voice, "author_key": None if voice == "practice" else f"b{self.chance.randrange(9)}"}
        if last and self.chance.random() < 0.2:
            # The same words by the same account, of which only the first ones count.
            told = {name: last[-1][name] for name in ("voice", "author_key", "text_key", "acts", "mention_keys")}
        parents = [post["item_id"], *(row["item_id"] for row in last)]
        return self.said(
            "comment", night, practice, at, thread_id=post["item_id"], parent_id=self.chance.choice(parents), **told
        )

    def likes(self, night: dt.date, post: Row) -> Row:
        likes = f"{post['item_id']}/favourites_count"
        return self.add(
            "metric", TALK, night, post["practice_id"], likes, parent_id=post["item_id"], metric="favourites_count",
            value=self.chance.randrange(90),
        )  # fmt: skip

    def seen(self, source: str, practice: str, kind: str) -> list[Row]:
        """All rows of a kind, in the order in which they came."""
        found = [row for row in self.of_practice[source, practice] if row["kind"] == kind]
        return sorted(found, key=lambda row: row["night"])


def grown(seed: int, *, practices: int, months: int, last: dt.date) -> Town:
    """A town with so many months of past, up to and with the night `last`."""
    town = Town(seed, last - dt.timedelta(days=30 * months), practices)
    chance = town.chance
    night = town.first
    while night <= last:
        for practice in town.ids:
            at = dt.datetime.combine(night - DAY, dt.time(chance.randrange(24), chance.randrange(60)))
            if chance.random() < 0.35:
                review = town.review(night, practice, at - dt.timedelta(days=chance.choice([0, 0, 0, 9])))
                if chance.random() < 0.5:
                    later = night + DAY * 3 * chance.randrange(1, 4)
                    if later <= last:
                        town.reply(later, review, dt.datetime.combine(later - DAY, dt.time(9)))
            if chance.random() < 0.12:
                town.thread(night, practice, at)
        for practice in town.ids:
            if practice == "p05" and last - night > 75 * DAY:
                # Until then it listened in a second place too.
                town.visits[TALK, night]["p05's second"] = visit(
                    TALK, SITES[TALK], night, practice, label="p05's second"
                )
            for source in SITES:
                if night == town.first or chance.random() < 0.04:
                    town.list_everything(source, night, practice, lambda row: chance.random() > 0.02)
        failed = {"status": "failed", "why": "the key has expired", "fetched": 0}
        town.visited(night, **(failed if chance.random() < 0.03 and night != town.first else {}))
        night += _pace(last - night)
    return town


def _pace(left: dt.timedelta) -> dt.timedelta:
    """Say how far it is to the next night: the further back, the fewer are enough."""
    if left <= 40 * DAY:
        return DAY
    return min((16 if left > 420 * DAY else 4) * DAY, left)


def happen(town: Town, night: dt.date, kinds: dict[str, str]) -> set[tuple[str, dt.date]]:
    """Let a night bring each practice what `kinds` says; return the files that changed, most of them of the night."""
    chance = town.chance
    changed = {(source, night) for source in SITES}
    yesterday = dt.datetime.combine(night - DAY, dt.time(12))
    long_ago = yesterday - dt.timedelta(days=chance.randrange(120, 220))
    for practice, kind in kinds.items():
        reviews = town.seen(REVIEWS, practice, "review")
        posts = town.seen(TALK, practice, "post")
        if kind == "recent":
            town.review(night, practice, yesterday)
            town.thread(night, practice, yesterday)
            if posts:
                town.comment(night, posts[-1], yesterday)
                town.likes(night, posts[-1])
        elif kind == "late review":
            town.review(night, practice, long_ago)
        elif kind == "late answer":
            old = reviews[len(reviews) // 3]
            town.reply(night, old, yesterday)
        elif kind == "edit":
            old = reviews[len(reviews) // 2]
            stars = 1 if old["stars"] == 5 else 5
            town.keep(old | {"night": night, "stars": stars, "text_key": "edited"})
        elif kind == "vanished":
            town.list_everything(REVIEWS, night, practice, lambda row: chance.random() > 0.1)
            town.list_everything(TALK, night, practice, lambda row: chance.random() > 0.1)
        elif kind == "said to be removed":
            for old in (reviews[len(reviews) // 2], posts[-1]):
                town.add(old["kind"], old["source"], night, practice, old["item_id"], state="removed")
        elif kind == "withdrawn":
            old = next(row for row in reversed(reviews) if row["night"] < night - 9 * DAY)
            town.withdraw(old)
            changed.add((REVIEWS, old["night"]))
        elif kind == "withdrawn answer":
            replies = [row for row in town.seen(REVIEWS, practice, "reply") if row["night"] < night]
            for old in [row for row in replies if row["item_id"] == replies[-1]["item_id"]]:
                town.withdraw(old)
                changed.add((REVIEWS, old["night"]))
        elif kind == "copied words":
            for row in town.seen(TALK, practice, "comment")[-4:]:
                town.comment(night, posts[-1], yesterday)["text_key"] = row["text_key"]
        elif kind == "comment before its post":
            post = town.said("post", night, practice, yesterday, voice="practice")
            town.comment(night, post, yesterday - dt.timedelta(days=70))
        elif kind == "answers cannot be read":
            town.visits[REVIEWS, night][practice] = visit(
                REVIEWS, "google", night, practice, complete=False, can_reply=False
            )
        elif kind == "failed":
            town.visits[REVIEWS, night][practice] = visit(
                REVIEWS, "google", night, practice, complete=False, status="failed", why="no answer"
            )
        elif kind == "seen after its removal":
            town.review(night, practice, long_ago)["item_id"] = f"{practice}-ghost"
        elif kind != "nothing":
            raise ValueError(kind)
    town.visited(night)
    return changed


KINDS = (
    "late review", "late answer", "edit", "vanished", "said to be removed", "withdrawn", "withdrawn answer",
    "comment before its post", "answers cannot be read", "seen after its removal", "copied words", "failed", "nothing",
)  # fmt: skip
