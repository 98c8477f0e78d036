"""Small practices with two years of reviews and talk, and nights in which each of them meets with something else.

Nothing of one practice touches another, so one town of many practices is as good as many towns, and one build of it
costs as much as one of them.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pipelines.landing import DataDir
from pipelines.practices import Practice, Practices
from tests.histories import Row, feature, visit, write_night

UTC = dt.UTC
DAY = dt.timedelta(days=1)
REVIEWS, TALK = "google_business", "mastodon"
SITES = {REVIEWS: "google", TALK: "mastodon"}
# Reads the site of the reviews too.
OTHER = "google_export"
_STARS = (1, 2, 3, 4, 5, 5, 5, None)
_ACTS = ("question", "substantive", "advocacy", "complaint", "spam", "contest", "discouragement")


@dataclass
class Town:
    """What every night's files hold. A row is put into the night of its own `night`."""

    seed: int
    first: dt.date
    ids: list[str]
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
    def configured(self) -> Practices:
        return Practices(
            practice=tuple(Practice(id=name, name=f"Number {name}", compare_with=("Pine Dental",)) for name in self.ids)
        )

    def write(self, data: DataDir, nights: Iterable[tuple[str, dt.date]] | None = None) -> None:
        """Write the files of some nights, or of all."""
        for source, night in sorted({*self.visits, *self.features} if nights is None else nights):
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
        item = self.name("r")
        asked = random.Random(item)
        return self.add(
            "review", REVIEWS, night, practice, item, voice=asked.choice(["outside", "outside", "team"]),
            acts=[
                *([asked.choice(["incentive", "no_incentive"]), asked.choice(["staff_named", "staff_not_named"])]
                  if judged else []),
                *asked.choice([["only_review"], ["one_of_several"], []]),
            ],
            created_at=written.replace(tzinfo=UTC), created_local=written, updated_at=written.replace(tzinfo=UTC),
            stars=chance.choice(_STARS), has_text=True, words=9, text_key=f"t{chance.randrange(400)}",
            author_key=f"a{chance.randrange(60)}",
            sentiment=asked.choice(["positive", "negative", "neutral", "unsure"]) if judged else "not_checked",
            topics=[{"topic": "bedside_manner", "polarity": chance.choice(["positive", "negative"]), "sentence": 0}]
            if judged else None, contradicts_stars=chance.choice([None, True, False]) if judged else None,
            alerts=["ALERT_safety"] if judged and chance.random() < 0.1 else [], url=None,
        )  # fmt: skip

    def reply(self, night: dt.date, review: Row, said: dt.datetime, **more: Any) -> Row:
        return self.add(
            "reply", REVIEWS, night, review["practice_id"], f"{review['item_id']}/reply", parent_id=review["item_id"],
            updated_at=said.replace(tzinfo=UTC), has_text=True, disclosure=self.chance.choice(["none", "pattern"]),
            disclosure_classes=self.chance.choice([None, ["N1"], ["N2", "P1"]]), disclosure_severity="high",
            generic=self.chance.random() < 0.3,
            acts=self.chance.choice([None, ["offline"], ["public", "gated_invitation"]]), **more,
        )  # fmt: skip

    def total(self, night: dt.date, practice: str) -> Row:
        shown = random.Random(f"{practice} {night}")
        return self.add(
            "total", REVIEWS, night, practice, "total", total_count=shown.randrange(90),
            total_average=shown.choice([None, Decimal(0), Decimal("4.5"), Decimal("3.9")]),
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
        on_health = random.Random(item)
        if kind == "post" and on_health.random() < 0.4:
            told |= {"content_type": "health_information", "reading_grade": on_health.choice([None, 6.0, 11.5])}
        told["clinical_claim"] = on_health.choice([None, False, True])
        if kind == "post":
            asked = on_health.choice([[], ["no_invitation"], ["gated_invitation"], ["yelp_invitation"]])
            told |= {"acts": [*told["acts"], *asked], "sentiment": on_health.choice([None, "neutral"])}
        told["acts"].append(on_health.choice(["asks_recommendation", "asks_no_recommendation"]))
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


def grown(seed: int, stories: Sequence[str], *, new: int, months: int, last: dt.date) -> Town:
    """A town of a practice for each story, with so many months of past up to and with the night `last`, and new ones.

    Of those that are new there is nothing yet but the visits of that night.
    """
    town = Town(seed, last - dt.timedelta(days=30 * months), [])
    chance = town.chance
    town.ids += [f"p{number:02d}" for number in range(len(stories))]
    night = town.first
    while night <= last:
        for practice in town.ids:
            at = dt.datetime.combine(night - DAY, dt.time(chance.randrange(24), chance.randrange(60)))
            if chance.random() < 0.35:
                review = town.review(night, practice, at - dt.timedelta(days=chance.choice([0, 0, 0, 9])))
                later = night + _pace(last - night)
                if chance.random() < 0.5 and later <= last:
                    town.reply(later, review, dt.datetime.combine(later - DAY, dt.time(9)))
            if chance.random() < 0.12:
                town.thread(night, practice, at)
            # Where a story is of what has no row at all, nothing else may stand there.
            if stories[int(practice[1:])] == "recent":
                town.total(night, practice)
        for practice in town.ids:
            for source in SITES:
                if night == town.first or chance.random() < 0.04:
                    town.list_everything(source, night, practice, lambda row: chance.random() > 0.02)
        failed = {"status": "failed", "why": "the key has expired", "fetched": 0}
        town.visited(night, **(failed if chance.random() < 0.03 and night != town.first else {}))
        night += _pace(last - night)
    told = dict(zip(town.ids, stories, strict=True))
    town.ids += [f"q{number:02d}" for number in range(new)]
    town.visited(last)
    for practice, story in told.items():
        if STORIES[story].before is not nothing:
            # Lists of everything that lack what the story adds would say that it is gone.
            for (_, of_night), visits in town.visits.items():
                if of_night > town.first and practice in visits:
                    visits[practice] = visits[practice] | {"complete": False}
            STORIES[story].before(town, practice, last)
    return town


def _pace(left: dt.timedelta) -> dt.timedelta:
    """Say how far it is to the next night: the further back, the fewer are enough."""
    if left <= 40 * DAY:
        return DAY
    return min((16 if left > 420 * DAY else 4) * DAY, left)


def happen(town: Town, night: dt.date, kinds: dict[str, str]) -> set[tuple[str, dt.date]]:
    """Let a night tell of each practice what `kinds` says; return the files that changed, most of them the night's."""
    changed = {(source, night) for source in SITES}
    for practice, kind in kinds.items():
        changed |= {(row["source"], row["night"]) for row in STORIES[kind].told(town, practice, night) or ()}
    town.visited(night)
    return changed


def nothing(town: Town, practice: str, night: dt.date) -> None:
    """Nothing new, and nothing of its own."""


@dataclass(frozen=True)
class Story:
    """What a night tells of one practice, and what was so before it. `told` returns rows in files of other nights."""

    told: Callable[[Town, str, dt.date], list[Row] | None]
    before: Callable[[Town, str, dt.date], None] = nothing


def _at(night: dt.date, days: int, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(night - DAY * days, dt.time(hour))


def _old(town: Town, kind: str, practice: str) -> Row:
    """The newest row of something that stood long before."""
    source = TALK if kind in ("post", "comment") else REVIEWS
    rows = [row for row in town.seen(source, practice, kind) if row["night"] > town.first + 90 * DAY]
    return [row for row in rows if row["item_id"] == rows[0]["item_id"]][-1]


def _nights(town: Town, source: str, first: dt.date, last: dt.date) -> list[dt.date]:
    return sorted(night for of, night in town.visits if of == source and first <= night <= last)


def _after(town: Town, moment: dt.datetime) -> dt.date:
    """The first night that can have seen what was written then."""
    return next(iter(_nights(town, REVIEWS, moment.date() + DAY, dt.date.max)))


def recent(town: Town, practice: str, night: dt.date) -> None:
    """What most nights tell: new reviews and new talk, below a post of before too."""
    posts = town.seen(TALK, practice, "post")
    town.review(night, practice, _at(night, 1))
    town.total(night, practice)
    town.thread(night, practice, _at(night, 1))
    if posts:
        town.comment(night, posts[-1], _at(night, 1))
        town.likes(night, posts[-1])


def edited(kind: str, **said: Any) -> Callable[[Town, str, dt.date], None]:
    def told(town: Town, practice: str, night: dt.date) -> None:
        town.keep(_old(town, kind, practice) | {"night": night, "text_key": "edited"} | said)

    return told


def said_to_be_removed(kind: str) -> Callable[[Town, str, dt.date], None]:
    def told(town: Town, practice: str, night: dt.date) -> None:
        row = _old(town, kind, practice)
        town.add(kind, row["source"], night, practice, row["item_id"], state="removed")

    return told


def young_review_said_to_be_removed(town: Town, practice: str, last: dt.date) -> None:
    review = town.review(last - 25 * DAY, practice, _at(last, 26))
    town.add("review", REVIEWS, last - 20 * DAY, practice, review["item_id"], state="removed")


def seen_again(town: Town, practice: str, night: dt.date) -> None:
    """The review of `young_review_said_to_be_removed` stands after all."""
    said = town.seen(REVIEWS, practice, "review")
    removed = next(row["item_id"] for row in said if row["state"] == "removed")
    town.keep(next(row for row in said if row["item_id"] == removed) | {"night": night})


def list_of_every_second(town: Town, practice: str, night: dt.date) -> None:
    town.list_everything(REVIEWS, night, practice, lambda row: (row["parent_id"] or row["item_id"])[-1] in "02468")


def two_lists_of_every_second(town: Town, practice: str, last: dt.date) -> None:
    """With a third one the rest is sure to have vanished."""
    for days in (30, 10):
        list_of_every_second(town, practice, last - days * DAY)


def late_review(town: Town, practice: str, night: dt.date) -> None:
    town.review(night, practice, _at(night, 400))


def late_answer(town: Town, practice: str, night: dt.date) -> None:
    answered = {row["parent_id"] for row in town.seen(REVIEWS, practice, "reply")}
    reviews = town.seen(REVIEWS, practice, "review")
    town.reply(night, next(row for row in reviews if row["item_id"] not in answered), _at(night, 1))


def answer_of_an_earlier_clock(town: Town, practice: str, night: dt.date) -> None:
    town.reply(night, town.seen(REVIEWS, practice, "review")[-1], _at(night, 300))


def list_of_nothing(town: Town, practice: str, night: dt.date) -> None:
    town.list_everything(REVIEWS, night, practice, lambda row: False)


def list_of_some(source: str, days: int) -> Callable[[Town, str, dt.date], None]:
    """Lists everything, so many days before, without half of what there was."""

    def listed(town: Town, practice: str, night: dt.date) -> None:
        town.list_everything(source, night - DAY * days, practice, lambda row: town.chance.random() < 0.5)

    return listed


def withdrawn(kind: str) -> Callable[[Town, str, dt.date], list[Row]]:
    def told(town: Town, practice: str, night: dt.date) -> list[Row]:
        row = _old(town, kind, practice)
        rows = [other for other in town.seen(row["source"], practice, kind) if other["item_id"] == row["item_id"]]
        for gone in rows:
            town.withdraw(gone)
        return rows

    return told


def visit_withdrawn(town: Town, practice: str, night: dt.date) -> list[Row]:
    """The receipt of the list of `list_of_some(REVIEWS, 12)` goes, and with it the proof that the rest had vanished."""
    night = max(
        night for source, night in town.visits
        if source == REVIEWS and town.visits[source, night].get(practice, {}).get("complete")
    )  # fmt: skip
    return [town.visits[REVIEWS, night].pop(practice)]


def list_without_rows(town: Town, practice: str, last: dt.date) -> None:
    """What a list of everything found has expired, so that it proves nothing."""
    night = last - 6 * DAY
    for row in [row for row in town.of_practice[REVIEWS, practice] if row["night"] == night]:
        town.withdraw(row)
    town.visits[REVIEWS, night][practice] = visit(REVIEWS, "google", night, practice, fetched=3)


def rows_come_late(town: Town, practice: str, night: dt.date) -> list[Row]:
    listed = next(
        night for (source, night), visits in town.visits.items()
        if source == REVIEWS and visits.get(practice, {}).get("fetched") == 3
        and not any(row["practice_id"] == practice for row in town.features[source, night])
    )  # fmt: skip
    return [town.review(listed, practice, _at(listed, 1))]


def talk_of_march(town: Town, practice: str, last: dt.date) -> None:
    """Younger than 90 days and older than what every night makes again; some of it then vanishes."""
    for night in _nights(town, TALK, last - 82 * DAY, last - 63 * DAY):
        town.thread(night, practice, _at(night, 1))
    town.list_everything(TALK, last - 3 * DAY, practice, lambda row: row["night"].month != 3)


def second_place_comes_late(town: Town, practice: str, night: dt.date) -> list[Row]:
    """Somebody listened in a second place too, so the list since then was not of everything."""
    listened = night - 12 * DAY
    row = visit(TALK, SITES[TALK], listened, practice, label=f"{practice}'s second", complete=False)
    town.visits[TALK, listened][f"{practice}'s second"] = row
    return [row]


def left_a_second_place(town: Town, practice: str, last: dt.date) -> None:
    for night in _nights(town, TALK, town.first, last - 76 * DAY):
        label = f"{practice}'s second"
        town.visits[TALK, night][label] = visit(TALK, SITES[TALK], night, practice, label=label)
    town.list_everything(TALK, last - 20 * DAY, practice, lambda row: True)


def ghost(town: Town, practice: str, last: dt.date) -> None:
    """Only said to be removed, so no item, until it is seen after all."""
    town.add("review", REVIEWS, town.first, practice, f"{practice}-ghost", state="removed")


def ghost_seen(town: Town, practice: str, night: dt.date) -> None:
    town.review(night, practice, _at(night, 1))["item_id"] = f"{practice}-ghost"


# The first is older than the month that begins in it.
BUSY_WEEKS = (dt.date(2026, 3, 30), dt.date(2026, 4, 6))


def busy_weeks(town: Town, practice: str, last: dt.date) -> None:
    """Two weeks of many bad reviews after a year of good ones."""
    for days in range(4, 364, 4):
        written = dt.datetime.combine(BUSY_WEEKS[1] - DAY * days, dt.time(9))
        town.review(_after(town, written), practice, written)["stars"] = 5
    for monday in BUSY_WEEKS:
        for number in range(14):
            written = dt.datetime.combine(monday + DAY * (number % 6), dt.time(number))
            town.review(_after(town, written), practice, written).update(
                stars=1, item_id=f"{practice}-{monday}-{number}"
            )


def busy_week_grows(town: Town, practice: str, night: dt.date) -> None:
    town.review(night, practice, dt.datetime.combine(BUSY_WEEKS[0] + 3 * DAY, dt.time(9)))


def busy_week_is_rated_otherwise(town: Town, practice: str, night: dt.date) -> None:
    """By an edit that does not say again when it was written."""
    row = next(row for row in town.seen(REVIEWS, practice, "review") if row["item_id"].endswith(f"{BUSY_WEEKS[0]}-3"))
    town.keep(row | {"night": night, "stars": 5, "created_at": None, "created_local": None})


def said_below(kind: str, **above: str) -> Callable[[Town, str, dt.date], None]:
    """Something old below what nobody has seen."""

    def before(town: Town, practice: str, last: dt.date) -> None:
        night = _nights(town, TALK, last - 300 * DAY, last)[0]
        ids = {name: f"{practice}-{of}" for name, of in above.items()}
        town.said(kind, night, practice, _at(night, 1), voice="outside", author_key="b1", **ids)

    return before


def seen_at_last(kind: str) -> Callable[[Town, str, dt.date], None]:
    def told(town: Town, practice: str, night: dt.date) -> None:
        town.said(kind, night, practice, _at(night, 1), voice="practice", thread_id=f"{practice}-post")["item_id"] = (
            f"{practice}-{kind}"
        )

    return told


def second_source(town: Town, practice: str, last: dt.date) -> None:
    """The same site by another source, whose answers cannot be read."""
    for night in _nights(town, REVIEWS, last - 200 * DAY, last)[::5]:
        review = town.review(night, practice, _at(night, 1))
        town.withdraw(review)
        town.keep(review | {"source": OTHER})
        town.visits[OTHER, night][practice] = visit(OTHER, "google", night, practice, can_reply=False, fetched=1)


def second_source_answers(town: Town, practice: str, night: dt.date) -> list[Row]:
    row = visit(OTHER, "google", night, practice, complete=False)
    town.visits[OTHER, night][practice] = row
    return [row]


def not_read(source: str, days: int) -> Callable[[Town, str, dt.date], None]:
    def before(town: Town, practice: str, last: dt.date) -> None:
        for night in _nights(town, source, last - days * DAY, last):
            for row in [row for row in town.of_practice[source, practice] if row["night"] == night]:
                town.withdraw(row)
            told = {"status": "failed", "complete": False, "why": "the key has expired"}
            town.visits[source, night][practice] = visit(source, SITES[source], night, practice, **told)

    return before


def not_visited(town: Town, practice: str, last: dt.date) -> None:
    not_read(REVIEWS, 100)(town, practice, last)
    for night in _nights(town, REVIEWS, last - 100 * DAY, last):
        del town.visits[REVIEWS, night][practice]


def earlier_visit_comes(town: Town, practice: str, night: dt.date) -> list[Row]:
    """Later than each visit of before, and yet of a month that is long over."""
    visited = _nights(town, REVIEWS, night - 90 * DAY, night)[0]
    row = visit(REVIEWS, SITES[REVIEWS], visited, practice, complete=False)
    town.visits[REVIEWS, visited][practice] = row
    return [row]


def said_twice_long_ago(town: Town, practice: str, last: dt.date) -> None:
    """Words of November, of which those of August are the first, and those of July the post above; then a silence."""
    posts = [dt.date(2025, 7, 20), dt.date(2025, 10, 30)]
    for day, spoken in zip(
        posts, ((dt.date(2025, 8, 20),), (dt.date(2025, 11, 2), dt.date(2025, 11, 20))), strict=True
    ):
        at = dt.datetime.combine(day, dt.time(9))
        post = town.said("post", _after(town, at), practice, at, voice="practice", acts=[])
        for when in spoken:
            at = dt.datetime.combine(when, dt.time(9))
            town.said(
                "comment", _after(town, at), practice, at, voice="outside", author_key="b1", text_key="once", acts=[],
                thread_id=post["item_id"], parent_id=post["item_id"], mention_keys=[],
            )  # fmt: skip
    not_read(TALK, 57)(town, practice, last)


def edited_before(town: Town, practice: str, last: dt.date) -> None:
    edited("review", stars=None)(town, practice, _nights(town, REVIEWS, town.first, last - 50 * DAY)[-1])


def stars_edited(town: Town, practice: str, last: dt.date) -> None:
    """Reviews of three months, of which the first was edited in its own month and once more two months later."""
    for month in (3, 4, 5):
        nights = [night for night in _nights(town, REVIEWS, dt.date(2026, month, 2), last) if night.month == month]
        review = town.review(nights[0], practice, _at(nights[0], 1))
        review.update(stars=2, item_id=f"{practice}-{month}")
        if month == 3:
            town.keep(review | {"night": nights[-1], "stars": 4})
            town.keep(review | {"night": last - 20 * DAY, "stars": 1})


def stars_edited_again(town: Town, practice: str, night: dt.date) -> None:
    """Of the last month's review in its own month, and of the one before a month later."""
    for row in town.seen(REVIEWS, practice, "review"):
        if row["item_id"] in (f"{practice}-4", f"{practice}-5"):
            town.keep(row | {"night": night, "stars": 5})


def dated_later(town: Town, practice: str, last: dt.date) -> None:
    """Something that is said to be written long after it was seen."""
    night = last - 90 * DAY
    seen = _nights(town, REVIEWS, town.first, night)[-1]
    for hour in range(3):
        town.review(seen, practice, _at(last, 20, hour))


def answers_cannot_be_read(town: Town, practice: str, night: dt.date) -> None:
    town.visits[REVIEWS, night][practice] = visit(REVIEWS, "google", night, practice, complete=False, can_reply=False)


def failed(town: Town, practice: str, night: dt.date) -> None:
    told = {"complete": False, "status": "failed", "why": "no answer"}
    town.visits[REVIEWS, night][practice] = visit(REVIEWS, "google", night, practice, **told)


def talk_below_an_old_post(town: Town, practice: str, last: dt.date) -> None:
    """Two comments below a post of long ago, of which a list of everything lacks the first."""
    night = _nights(town, TALK, last - 280 * DAY, last)[0]
    old = town.said("post", night, practice, _at(night, 1), voice="practice", place="town", acts=["contest"])
    for days, words in ((45, "one"), (25, "two")):
        at = _at(last - DAY * days, 1)
        town.said(
            "comment", _nights(town, TALK, at.date() + DAY, last)[0], practice, at, voice="outside", place="town",
            author_key="b1", text_key=words, acts=["question"], thread_id=old["item_id"], parent_id=old["item_id"],
            matched="name", mention_keys=["practice"],
        )  # fmt: skip
    town.list_everything(TALK, last - 20 * DAY, practice, lambda row: row["text_key"] != "one")


def said_again(town: Town, practice: str, last: dt.date) -> None:
    """The same words by the same account in every month, below one old post and in threads of their own."""
    first = _nights(town, TALK, last - 420 * DAY, last)[0]
    old = town.said("post", first, practice, _at(first, 1), voice="practice")
    for night in _nights(town, TALK, first + DAY, last)[::4]:
        for words in ("again", "and again"):
            above = old if words == "again" else town.said("post", night, practice, _at(night, 1), voice="practice")
            town.said(
                "comment", night, practice, _at(night, 1, 18), voice="outside", author_key=f"b{night.day % 2}",
                text_key=words, acts=["question"], thread_id=above["item_id"], parent_id=above["item_id"],
                mention_keys=[],
            )  # fmt: skip


def words_copied(town: Town, practice: str, night: dt.date) -> None:
    for row in town.seen(TALK, practice, "comment")[-4:]:
        town.comment(night, town.seen(TALK, practice, "post")[-1], _at(night, 1))["text_key"] = row["text_key"]


def two_whole_years(town: Town, practice: str, last: dt.date) -> None:
    """Every night lists everything, and the last year's reviews are worse."""
    for night in _nights(town, REVIEWS, town.first, last):
        for hour in range(2 if night > last - 40 * DAY else 4):
            stars = town.chance.choice((1, 2, 3)) if night > last - 330 * DAY else 5
            town.review(night, practice, _at(night, 1 + hour)).update(stars=stars)
    for night in _nights(town, REVIEWS, town.first, last):
        if night in _ends_of_months(town):
            town.list_everything(REVIEWS, night, practice, lambda row: True)


def _ends_of_months(town: Town) -> set[dt.date]:
    """The last night of each month, and the first one of the next."""
    nights = _nights(town, REVIEWS, town.first, dt.date.max)
    return {night for pair in pairwise(nights) if pair[0].month != pair[1].month for night in pair} | {nights[-1]}


def slow_answers(town: Town, practice: str, last: dt.date) -> None:
    """Reviews that were answered after 125 days, and some that wait for as long only some days later."""
    for row in [*town.of_practice[REVIEWS, practice]]:
        town.withdraw(row)
    for number in range(4):
        written = _at(last, 147, number)
        review = town.review(_after(town, written), practice, written)
        answered = written + 125 * DAY
        town.reply(_after(town, answered), review, answered)
    for number in range(6):
        written = _at(last, 117, number)
        town.review(_after(town, written), practice, written)


def names_searched(town: Town, practice: str, night: dt.date) -> None:
    """A night's search for two names, of which one falls in posts of four months."""
    for name in ("practice", "pine dental"):
        town.add("search", TALK, night, practice, name, state="whole", day=night - 125 * DAY)
    for days in range(1, 120, 2):
        named = "practice" if days % 3 else "pine dental"
        at = _at(night, days)
        town.add("naming", TALK, night, practice, f"post {at}/{named}", parent_id=f"post {at}", matched=named,
                 created_at=at.replace(tzinfo=UTC), created_local=at)  # fmt: skip


def names_searched_before(town: Town, practice: str, last: dt.date) -> None:
    for night in _nights(town, TALK, last - 30 * DAY, last)[::6]:
        names_searched(town, practice, night)


STORIES = {
    "recent": Story(recent),
    "nothing": Story(nothing),
    "edited review": Story(edited("review", stars=None)),
    "edited answer": Story(edited("reply", disclosure="pattern")),
    "edited comment": Story(edited("comment", acts=["question"])),
    "hidden comment": Story(edited("comment", state="hidden")),
    "review said to be removed": Story(said_to_be_removed("review")),
    "review said to be removed is seen again": Story(seen_again, young_review_said_to_be_removed),
    "reviews vanish for good": Story(list_of_every_second, two_lists_of_every_second),
    "answer said to be removed": Story(said_to_be_removed("reply")),
    "post said to be removed": Story(said_to_be_removed("post")),
    "late review": Story(late_review),
    "late answer": Story(late_answer),
    "answer of an earlier clock": Story(answer_of_an_earlier_clock),
    "list of nothing": Story(list_of_nothing),
    "reviews vanish": Story(list_of_some(REVIEWS, 0)),
    "talk vanishes": Story(list_of_some(TALK, 0)),
    "review withdrawn": Story(withdrawn("review")),
    "post withdrawn": Story(withdrawn("post")),
    "visit withdrawn": Story(visit_withdrawn, list_of_some(REVIEWS, 12)),
    "rows come late": Story(rows_come_late, list_without_rows),
    "second place comes late": Story(second_place_comes_late, talk_of_march),
    "left a second place": Story(nothing, left_a_second_place),
    "seen after its removal": Story(ghost_seen, ghost),
    "busy week grows": Story(busy_week_grows, busy_weeks),
    "busy week is rated otherwise": Story(busy_week_is_rated_otherwise, busy_weeks),
    "busy weeks": Story(recent, busy_weeks),
    "post seen at last": Story(seen_at_last("post"), said_below("comment", thread_id="post", parent_id="other")),
    "comment seen at last": Story(
        seen_at_last("comment"), said_below("comment", thread_id="other", parent_id="comment")
    ),
    "shared post seen at last": Story(seen_at_last("post"), said_below("share", thread_id="post", parent_id="post")),
    "second source answers": Story(second_source_answers, second_source),
    "read again": Story(nothing, not_read(REVIEWS, 100)),
    "earlier visit comes": Story(earlier_visit_comes, not_visited),
    "talk is read again": Story(nothing, said_twice_long_ago),
    "edited before": Story(nothing, edited_before),
    "stars edited": Story(nothing, stars_edited),
    "stars edited again": Story(stars_edited_again, stars_edited),
    "dated later": Story(recent, dated_later),
    "answers cannot be read": Story(answers_cannot_be_read),
    "failed": Story(failed),
    "talk below an old post": Story(nothing, talk_below_an_old_post),
    "said again": Story(recent, said_again),
    "words copied": Story(words_copied),
    "two whole years": Story(recent, two_whole_years),
    "slow answers": Story(nothing, slow_answers),
    "names searched": Story(names_searched, names_searched_before),
}
