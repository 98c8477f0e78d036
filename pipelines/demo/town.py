"""A seeded town of eight practices and fourteen months of their reviews, as Google would hold them at any instant.

Everything is invented and follows from the seed: no clock, no hash of a text. The pull of a night happens at
02:30 in New York, where the town's operator sits; by then the month is over for every practice.

Who lives here (ids), from 1 September 2025 to 2 November 2026:

    riverside-dental        busy and fine, about fifteen reviews a month; "no clear change" in October 2026;
                            most of the scripted events below and four texts written to break things; on Yelp,
                            whose three excerpts are no measure
    harbor-family-medicine  twelve one-star reviews from 12 to 18 October 2026, some nearly equal; none answered
    arroyo-dental           quiet: 0 to 2 reviews a month, none in October 2026; A4; some replies without a state
    new-leaf-pediatrics     no review at all
    gesher-dental           a Hebrew name mixed with Latin; Hebrew, Arabic, Spanish and English reviews; a survey; its
                            report is in Spanish, on A4
    cedar-hollow            a name of almost 200 characters; rose clearly from September to October 2026; on Trustpilot
    maple-street-dental     replies that disclose, friendly and angry ones, among safe ones; three hostile texts;
                            for the sake of the demo, this town's only practice at NHS.uk and Care Opinion
    lakeside-medical        fell clearly from September to October 2026; its key, "lakeside", is dead on 2 November;
                            a vendor hands over what WebMD says of it

What is new on which night (`Town.events` has the review ids; each name says what happened):

    2026-10-31  the first look: reply_rejected, reply_still_pending, no_stars, hostile_*, burst (12),
                october_begins_in_madrid (30 September in UTC)
    2026-11-01  stars_raised (2 to 5), deleted_critical and deleted_praise (riverside), deleted_burst (harbor),
                replied_after_47_days, reply_edited (its time overwritten), reply_approved (was pending),
                reply_awaiting (pending), october_ends_in_chicago, november_begins_in_chicago
    2026-11-02  stars_lowered (5 to 3), deleted_on_third_night (riverside), replied_on_third_night,
                reply_turned_down (the awaiting one), reply_taken_down (a disclosing one, maple)
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from collections.abc import Iterator
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from pipelines.demo import conversation, phrases
from pipelines.demo.elsewhere import FEED_BLOCK, blocks_of
from pipelines.errors import UnknownName
from pipelines.periods import add_months, last_day

NIGHTS: tuple[dt.date, ...] = (dt.date(2026, 10, 31), dt.date(2026, 11, 1), dt.date(2026, 11, 2))
MONTH = dt.date(2026, 10, 1)
FIRST_MONTH = dt.date(2025, 9, 1)
LAKESIDE_KEY_DIES_ON = NIGHTS[2]
_BEFORE_MONTH = dt.date(2026, 9, 1)
ReplyState = Literal["APPROVED", "PENDING", "REJECTED"]
_ACCOUNT = "accounts/100200300400500600700"
_SITE = "https://reviews.rapport-town.example"
_WORDS = {None: "STAR_RATING_UNSPECIFIED", 1: "ONE", 2: "TWO", 3: "THREE", 4: "FOUR", 5: "FIVE"}


def pull_instant(night: dt.date) -> dt.datetime:
    """Return the UTC instant at which the town is read on a night."""
    return dt.datetime.combine(night, dt.time(2, 30), tzinfo=ZoneInfo("America/New_York")).astimezone(dt.UTC)


class TownPractice(msgspec.Struct, frozen=True, kw_only=True):
    """One practice and where Google keeps it. `key` is the name of the key that may read it.

    `contact` is who is told of what cannot wait, empty for nobody.
    """

    id: str
    name: str
    kind: Literal["dental", "medical"]
    location: str
    key: str
    time_zone: str
    paper: Literal["letter", "a4"]
    recipients: tuple[str, ...]
    contact: str = ""
    language: Literal["en", "es"] = "en"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A practice's reply as Google shows it: an edit overwrites `updated_at`. No state was given in older days."""

    comment: str
    updated_at: dt.datetime
    state: ReplyState | None = "APPROVED"
    policy_violation: str | None = None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One review at one instant. No `reviewer` means anonymous, no `stars` unspecified, no `comment` rating only."""

    name: str
    review_id: str
    reviewer: str | None
    stars: int | None
    comment: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    fraction_digits: int
    reply: Reply | None = None
    reply_url: str | None = None
    photo_label: str | None = None

    def as_google(self) -> dict[str, Any]:
        """Return the review as the API writes it: what is not there has no field."""
        told: dict[str, Any] = {
            "name": self.name,
            "reviewId": self.review_id,
            "reviewer": {"isAnonymous": True},
            "starRating": _WORDS[self.stars],
            "createTime": _stamp(self.created_at, self.fraction_digits),
            "updateTime": _stamp(self.updated_at, self.fraction_digits),
        }
        if self.reviewer is not None:
            told["reviewer"] = {
                "displayName": self.reviewer,
                "profilePhotoUrl": f"{_SITE}/faces/{self.review_id}.png",
            }
        if self.comment is not None:
            told["comment"] = self.comment
        if self.reply is not None:
            told["reviewReply"] = {
                "comment": self.reply.comment,
                "updateTime": _stamp(self.reply.updated_at, self.fraction_digits),
            }
            if self.reply.state:
                told["reviewReply"]["reviewReplyState"] = self.reply.state
            if self.reply.policy_violation:
                told["reviewReply"]["policyViolation"] = self.reply.policy_violation
        if self.photo_label is not None:
            told["reviewMediaItems"] = [
                {"thumbnailUrl": f"{_SITE}/photos/{self.review_id}.jpg", "thumbnailLabel": self.photo_label}
            ]
        if self.reply_url is not None:
            told["reviewReplyUrl"] = self.reply_url
        return told


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something a test can look for: `first_night` is the first night on which it shows."""

    name: str
    practice_id: str
    review_id: str
    first_night: dt.date


class _Life(msgspec.Struct):
    """A review from its first version on: changes in any order, and when it was taken off, if it was."""

    first: Review
    changes: list[tuple[dt.datetime, dict[str, Any]]] = []
    gone_at: dt.datetime | None = None

    def at(self, instant: dt.datetime) -> Review | None:
        if instant < self.first.created_at or (self.gone_at and self.gone_at <= instant):
            return None
        review = self.first
        for when, changed in sorted(self.changes, key=lambda change: change[0]):
            if when <= instant:
                review = msgspec.structs.replace(review, **changed)
        return review


class _Character(msgspec.Struct, frozen=True, kw_only=True):
    """How a practice's months go. Star counts run from one to five stars; weights likewise."""

    monthly: tuple[int, int]
    weights: tuple[int, int, int, int, int]
    before: tuple[int, int, int, int, int]
    this_month: tuple[int, int, int, int, int]
    troubles: tuple[str, ...] = ()
    spanish: float = 0.05
    right_to_left: float = 0.0
    answers_praise: float = 0.5
    answers_critics: float = 0.7
    median_hours: float = 26.0
    discloses: float = 0.0
    older_replies: float = 0.1


class Town:
    """The town as built from one seed; every method is a pure function of it."""

    def __init__(
        self, seed: int, practices: tuple[TownPractice, ...], lives: dict[str, list[_Life]], events: tuple[Event, ...]
    ) -> None:
        self.seed, self.practices, self.events = seed, practices, events
        self._lives = lives

    def reviews_at(self, location: str, instant: dt.datetime) -> list[Review]:
        """Return a location's reviews at an aware instant, newest `updated_at` first. Raises UnknownName."""
        if location not in self._lives:
            raise UnknownName(f"the town has no location '{location[:80]}'")
        there = [review for life in self._lives[location] if (review := life.at(instant))]
        return sorted(there, key=lambda review: (review.updated_at, review.name), reverse=True)

    def practice(self, practice_id: str) -> TownPractice:
        """Return a practice by id. Raises UnknownName."""
        for practice in self.practices:
            if practice.id == practice_id:
                return practice
        raise UnknownName(f"the town has no practice '{practice_id}'")

    def event(self, name: str) -> Event:
        """Return the first event of a name. Raises UnknownName."""
        for event in self.events:
            if event.name == name:
                return event
        raise UnknownName(f"the town has no event '{name}'")

    def keys(self) -> dict[str, dict[str, str]]:
        """Return each key by its name, '' being the default; all of them are made up."""
        return {
            name: {
                "client_id": "rapport-town.apps.example",
                "client_secret": "not-a-secret",
                "refresh_token": f"made-up-refresh-token-{name or 'default'}",
            }
            for name in dict.fromkeys(practice.key for practice in self.practices)
        }

    def practices_toml(self) -> str:
        """Return a practices.toml for the town and its owners' files."""
        blocks = []
        for p in self.practices:
            google = f"location = {_quoted(p.location)}" + (f", key = {_quoted(p.key)}" if p.key else "")
            blocks.append(
                "\n".join(
                    [
                        "[[practice]]",
                        f"id = {_quoted(p.id)}",
                        f"name = {_quoted(p.name)}",
                        f"kind = {_quoted(p.kind)}",
                        f"time_zone = {_quoted(p.time_zone)}",
                        f"paper = {_quoted(p.paper)}",
                        f"language = {_quoted(p.language)}",
                        f"recipients = [{', '.join(_quoted(address) for address in p.recipients)}]",
                        *([f"contact = {_quoted(p.contact)}"] if p.contact else []),
                        f"google_business = {{ {google} }}",
                        *blocks_of(p.id),
                        *conversation.blocks_of(p.id),
                    ]
                )
            )
        return "\n\n".join([*blocks, _EXPORT_BLOCKS, FEED_BLOCK])

    def exports(self) -> dict[str, bytes]:
        """Return the owners' files by name. Each has one row with an impossible date, to be set aside."""
        return {
            "healthgrades-2026-10.csv": _healthgrades(random.Random(f"{self.seed} healthgrades")),
            "encuesta-2026-10.csv": _survey(random.Random(f"{self.seed} survey")),
        }


_EXPORT_BLOCKS = """[[export]]
files = "healthgrades-*.csv"
preset = "reviews_import"

[[export]]
files = "encuesta-*.csv"
site = "survey"
practice = "gesher-dental"
encoding = "latin-1"
delimiter = ";"
decimal = ","
dates = ["%d/%m/%Y"]
time_zone = "Europe/Madrid"
rating_min = 0
rating_max = 10
not_a_rating = ["No contesta"]

[export.columns]
id = "Referencia"
date = "Fecha"
rating = "Valoración"
text = "Comentario"
text_more = ["¿Qué mejoraría?"]
"""

_IMPORT_COLUMNS = (
    "source_site", "listing_url", "location_key", "npi", "source_review_id", "reviewer_name", "rating",
    "rating_scale_max", "title", "text", "review_date", "response_text", "response_date", "exported_at",
)  # fmt: skip

_LONG_NAME = (
    "The Cedar Hollow Center for Family, Cosmetic, Restorative and Implant Dentistry, Orthodontics, Oral Surgery, "
    "Sleep Medicine and Gentle Children's Care, formerly Drs. Achterberg, Wójcik & Daughters"
)
_SILENT = _Character(monthly=(0, 0), weights=(1, 1, 1, 1, 1), before=(0, 0, 0, 0, 0), this_month=(0, 0, 0, 0, 0))


def _resident(
    number: int,
    practice_id: str,
    name: str,
    kind: Literal["dental", "medical"],
    time_zone: str,
    *,
    account: str = _ACCOUNT,
    key: str = "",
    paper: Literal["letter", "a4"] = "letter",
    recipients: tuple[str, ...] = ("owner",),
    contact: str = "",
    language: Literal["en", "es"] = "en",
) -> TownPractice:
    return TownPractice(
        id=practice_id,
        name=name,
        kind=kind,
        location=f"{account}/locations/{4_100_000_000_000_000_000 + number}",
        key=key,
        time_zone=time_zone,
        paper=paper,
        recipients=tuple(f"{who}@{practice_id}.example" for who in recipients),
        contact=f"{contact}@{practice_id}.example" if contact else "",
        language=language,
    )


_RESIDENTS: tuple[tuple[TownPractice, _Character], ...] = (
    (
        _resident(
            1, "riverside-dental", "Riverside Dental", "dental", "America/Chicago", recipients=("owner", "office")
        ),
        _Character(
            monthly=(13, 17),
            weights=(1, 1, 2, 10, 40),
            before=(1, 0, 1, 4, 11),
            this_month=(0, 0, 1, 4, 12),
            answers_praise=0.7,
            answers_critics=0.9,
            median_hours=14,
        ),
    ),
    (
        _resident(2, "harbor-family-medicine", "Harbor Family Medicine", "medical", "America/New_York"),
        _Character(
            monthly=(4, 6),
            weights=(1, 1, 1, 4, 10),
            before=(0, 0, 1, 1, 4),
            this_month=(0, 1, 0, 2, 3),
            answers_critics=0.4,
            median_hours=60,
        ),
    ),
    (
        _resident(3, "arroyo-dental", "Arroyo Dental", "dental", "Europe/Madrid", paper="a4"),
        _Character(
            monthly=(0, 2),
            weights=(0, 1, 1, 3, 5),
            before=(0, 0, 0, 0, 1),
            this_month=(0, 0, 0, 0, 0),
            spanish=0.4,
            answers_praise=0.9,
            answers_critics=1.0,
            older_replies=0.6,
        ),
    ),
    (_resident(4, "new-leaf-pediatrics", "New Leaf Pediatrics", "medical", "America/Denver"), _SILENT),
    (
        _resident(
            5,
            "gesher-dental",
            "מרפאת שיניים גשר Gesher Dental (Madrid)",
            "dental",
            "Europe/Madrid",
            paper="a4",
            language="es",
        ),
        _Character(
            monthly=(4, 6),
            weights=(1, 1, 1, 3, 9),
            before=(0, 1, 0, 1, 4),
            this_month=(0, 1, 1, 1, 4),
            spanish=0.2,
            right_to_left=0.5,
        ),
    ),
    (
        _resident(6, "cedar-hollow", _LONG_NAME, "dental", "America/Chicago"),
        _Character(
            monthly=(7, 10),
            weights=(3, 3, 3, 2, 3),
            before=(4, 3, 4, 2, 3),
            this_month=(0, 1, 1, 5, 13),
            troubles=("phone", "waiting"),
            answers_critics=0.5,
            median_hours=90,
        ),
    ),
    (
        _resident(
            7,
            "maple-street-dental",
            "Maple Street Dental & Smile Studio",
            "dental",
            "America/New_York",
            contact="manager",
        ),
        _Character(
            monthly=(6, 8),
            weights=(2, 1, 1, 3, 8),
            before=(1, 1, 1, 1, 4),
            this_month=(1, 1, 0, 2, 5),
            troubles=("cost",),
            answers_praise=0.8,
            answers_critics=0.9,
            median_hours=9,
            discloses=0.45,
        ),
    ),
    (
        _resident(
            8,
            "lakeside-medical",
            "Lakeside Medical Group",
            "medical",
            "America/Chicago",
            account="accounts/100200300400500600799",
            key="lakeside",
        ),
        _Character(
            monthly=(7, 9),
            weights=(1, 1, 2, 5, 14),
            before=(0, 1, 1, 4, 13),
            this_month=(5, 4, 2, 2, 3),
            troubles=("phone", "front desk"),
            median_hours=30,
        ),
    ),
)


def build_town(seed: int = 1913) -> Town:
    """Build the town. The same seed gives the same town, to the byte, on every machine."""
    lives: dict[str, list[_Life]] = {}
    events: list[Event] = []
    for practice, character in _RESIDENTS:
        # A stream of its own for each practice: changing one leaves the others as they were.
        writer = _Writer(practice, character, random.Random(f"{seed} {practice.id}"), events)
        writer.live()
        if practice.id in _SCRIPTS:
            _SCRIPTS[practice.id](writer)
        lives[practice.location] = writer.lives
    return Town(seed, tuple(practice for practice, _ in _RESIDENTS), lives, tuple(events))


class _Writer:
    """Writes one practice's reviews, first the ordinary ones month by month, then what its script asks for."""

    def __init__(self, practice: TownPractice, character: _Character, rng: random.Random, events: list[Event]) -> None:
        self.practice, self.character, self.rng, self.events = practice, character, rng, events
        self.lives: list[_Life] = []

    def live(self) -> None:
        """Write every month from the first to the report's own."""
        month = FIRST_MONTH
        while month <= MONTH:
            fixed = {_BEFORE_MONTH: self.character.before, MONTH: self.character.this_month}.get(month)
            if fixed is None:
                count = self.rng.randint(*self.character.monthly)
                stars = self.rng.choices(range(1, 6), self.character.weights, k=count)
            else:
                stars = [star for star, times in enumerate(fixed, 1) for _ in range(times)]
                self.rng.shuffle(stars)
            for star in stars:
                self.ordinary(star, self._moment(month))
            month = add_months(month, 1)

    def ordinary(self, stars: int, created_at: dt.datetime) -> None:
        """Write a review such as people write; some are changed later, many are answered."""
        life = self.write(created_at, stars, self._comment(stars))
        if self.rng.random() < 0.04 and created_at < dt.datetime(2026, 9, 1, tzinfo=dt.UTC):
            days = dt.timedelta(days=self.rng.randint(1, 20), minutes=self.rng.randint(0, 600))
            self.edit(life, created_at + days, comment=self._comment(stars))
        critical = stars <= 3
        if self.rng.random() < (self.character.answers_critics if critical else self.character.answers_praise):
            hours = self.character.median_hours * self.rng.lognormvariate(0, 0.9)
            state: ReplyState | None = None if self.rng.random() < self.character.older_replies else "APPROVED"
            self.reply(life, created_at + dt.timedelta(hours=hours), self._answer(life.first), state)

    def write(self, created_at: dt.datetime, stars: int | None, comment: str | None, reviewer: str = "") -> _Life:
        """Add a review; without a `reviewer` somebody is thought up, sometimes nobody."""
        digits = self.rng.choices((0, 3, 6, 9), (2, 2, 5, 1))[0]
        created_at = _cut(created_at, digits)
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
        review_id = "AbF" + "".join(self.rng.choices(letters, k=21))
        somebody = reviewer or self._name()
        photo = self.rng.choice(("Waiting room", "Entrance", None, None, None, None, None, None, None, None))
        life = _Life(
            first=Review(
                name=f"{self.practice.location}/reviews/{review_id}",
                review_id=review_id,
                reviewer=somebody,
                stars=stars,
                comment=comment,
                created_at=created_at,
                updated_at=created_at,
                fraction_digits=digits,
                reply_url=f"{_SITE}/reply/{review_id}" if self.rng.random() < 0.95 else None,
                photo_label=photo,
            ),
            changes=[],
        )
        self.lives.append(life)
        return life

    def edit(self, life: _Life, at: dt.datetime, **changed: Any) -> None:
        """Change a review's words or stars, which moves its time."""
        at = _cut(at, life.first.fraction_digits)
        life.changes.append((at, {**changed, "updated_at": at}))

    def reply(
        self,
        life: _Life,
        at: dt.datetime,
        comment: str,
        state: ReplyState | None = "APPROVED",
    ) -> Reply:
        """Answer a review, or overwrite the answer; the review's own time stays."""
        at = _cut(at, life.first.fraction_digits)
        violation = "UNWELCOME_CONTENT" if state == "REJECTED" else None
        reply = Reply(comment=comment, updated_at=at, state=state, policy_violation=violation)
        life.changes.append((at, {"reply": reply}))
        return reply

    def happened(self, name: str, life: _Life, night: int) -> _Life:
        """Note an event that the night of that number is the first to show."""
        self.events.append(
            Event(
                name=name,
                practice_id=self.practice.id,
                review_id=life.first.review_id,
                first_night=NIGHTS[night],
            )
        )
        return life

    def hostile(self, kinds: tuple[str, ...]) -> None:
        for what, reviewer, stars, comment in phrases.HOSTILE:
            if what in kinds:
                life = self.write(self._moment(MONTH, 28), stars, comment, reviewer or "")
                self.happened(f"hostile_{what}", life, 0)

    def filled(self, phrase: str, first_name: str = "") -> str:
        kind = self.practice.kind
        return phrase.format(
            minutes=self.rng.choice((15, 25, 35, 40, 45, 50, 75)),
            weekday=self.rng.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")),
            doctor=self.rng.choice(phrases.STAFF),
            helper=phrases.HELPERS[kind],
            visit=self.rng.choice(phrases.VISITS[kind]),
            first_name=first_name,
        )

    def _moment(self, month: dt.date, latest_day: int = 31) -> dt.datetime:
        day = self.rng.randint(1, min(last_day(month).day, latest_day))
        opening = dt.datetime.combine(month.replace(day=day), dt.time(8), tzinfo=ZoneInfo(self.practice.time_zone))
        return opening.astimezone(dt.UTC) + dt.timedelta(microseconds=self.rng.randrange(14 * 3_600_000_000))

    def _name(self) -> str | None:
        chance = self.rng.random()
        if chance < 0.08:
            return None
        if chance < 0.08 + self.character.right_to_left:
            return self.rng.choice(phrases.RIGHT_TO_LEFT_NAMES)
        last = self.rng.choice(phrases.LAST_NAMES)
        return f"{self.rng.choice(phrases.FIRST_NAMES)} {last if self.rng.random() < 0.6 else last[0] + '.'}"

    def _comment(self, stars: int) -> str | None:
        chance = self.rng.random()
        if chance < (0.28 if stars == 5 else 0.12):
            return None
        chance = self.rng.random()
        happy = stars >= 4
        if stars != 3:
            if chance < 0.05:
                return self.rng.choice(phrases.EMOJI[happy])
            if chance < 0.05 + self.character.spanish:
                return self._spanish(happy)
            if chance < 0.05 + self.character.spanish + self.character.right_to_left:
                said = [text for mood, text in phrases.RIGHT_TO_LEFT if mood == happy]
                return " ".join(self.rng.sample(said, self.rng.randint(1, 2)))
        if happy:
            said = self._about(phrases.PRAISE, self.rng.randint(1, 3))
            if stars == 4 and self.rng.random() < 0.5:
                said += [self.rng.choice(phrases.TURNS), *self._about(phrases.COMPLAINTS, 1)]
            elif self.rng.random() < 0.5:
                said.append(self.rng.choice(phrases.PRAISE["overall"]))
        elif stars == 3:
            said = [*self._about(phrases.PRAISE, 1), self.rng.choice(phrases.TURNS)]
            said += self._about(phrases.COMPLAINTS, self.rng.randint(1, 2))
        else:
            said = self._about(phrases.COMPLAINTS, self.rng.randint(1, 3))
            if self.rng.random() < 0.6:
                said.append(self.rng.choice(phrases.COMPLAINTS["overall"]))
        return " ".join(said)

    def _about(self, bank: dict[str, tuple[str, ...]], count: int) -> list[str]:
        """Return a sentence on each of `count` topics; complaints lean to the practice's own troubles."""
        topics = self.rng.sample([topic for topic in bank if topic != "overall"], count)
        if bank is phrases.COMPLAINTS and self.character.troubles and self.rng.random() < 0.7:
            trouble = self.rng.choice(self.character.troubles)
            topics = [trouble, *(topic for topic in topics if topic != trouble)][:count]
        return [self.filled(self.rng.choice(bank[topic])) for topic in topics]

    def _spanish(self, happy: bool) -> str:
        pairs = [(spanish, english) for mood, spanish, english in phrases.SPANISH if mood == happy]
        chosen = self.rng.sample(pairs, self.rng.randint(1, 2))
        spanish, english = (" ".join(pair[side] for pair in chosen) for side in (0, 1))
        return self.rng.choice(
            (
                spanish,
                f"{spanish}\n\n(Translated by Google)\n{english}",
                f"(Translated by Google) {english}\n\n(Original)\n{spanish}",
            )
        )

    def _answer(self, review: Review) -> str:
        happy = review.stars is not None and review.stars >= 4
        if self.rng.random() < self.character.discloses:
            bank = phrases.FRIENDLY_DISCLOSURE if happy else phrases.ANGRY_DISCLOSURE
            return self.filled(self.rng.choice(bank), (review.reviewer or "friend").split()[0])
        return self.rng.choice(phrases.REPLY_TO_PRAISE if happy else phrases.REPLY_TO_COMPLAINT)


def _utc(month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, 12, 345_678, tzinfo=dt.UTC)


def _riverside(writer: _Writer) -> None:
    kind, sorry = phrases.REPLY_TO_PRAISE[0], phrases.REPLY_TO_COMPLAINT[0]
    writer.hostile(("script", "sql", "jinja", "control"))
    writer.happened("no_stars", writer.write(_utc(10, 15, 18), None, "Is this the office next to the bakery?"), 0)
    raised = writer.write(_utc(10, 20, 15), 2, "Waited forty minutes and nobody said why.")
    writer.edit(raised, _utc(10, 31, 15), stars=5, comment="They called me and put it right. Very impressed.")
    writer.happened("stars_raised", raised, 1)
    lowered = writer.write(_utc(10, 24, 17), 5, "Quick and friendly.")
    writer.edit(lowered, _utc(11, 1, 14), stars=3, comment="Quick and friendly, but the bill was higher than agreed.")
    writer.happened("stars_lowered", lowered, 2)
    for name, night, stars, created, gone in (
        ("deleted_critical", 1, 1, _utc(10, 5, 13), _utc(10, 31, 18)),
        ("deleted_praise", 1, 5, _utc(8, 11, 19), _utc(10, 31, 18, 20)),
        ("deleted_on_third_night", 2, 2, _utc(10, 12, 16), _utc(11, 1, 16)),
    ):
        deleted = writer.write(created, stars, writer.filled("The {visit} took place on a {weekday}."))
        deleted.gone_at = gone
        writer.happened(name, deleted, night)
    late = writer.write(_utc(9, 14, 17), 3, "Good work, but the phone is a problem.")
    writer.reply(late, _utc(10, 31, 17), sorry)
    writer.happened("replied_after_47_days", late, 1)
    third = writer.write(_utc(10, 18, 14), 1, "Nobody answers the phone. Nobody.")
    writer.reply(third, _utc(11, 1, 15), sorry)
    writer.happened("replied_on_third_night", third, 2)
    edited = writer.write(_utc(10, 8, 15), 4, "Painless filling, parking is tight.")
    writer.reply(edited, _utc(10, 9, 9), kind)
    writer.reply(edited, _utc(10, 31, 20), phrases.REPLY_TO_PRAISE[1])
    writer.happened("reply_edited", edited, 1)
    # Google's verdict changes the state of a reply and not its time.
    approved = writer.write(_utc(10, 29, 14), 5, "In and out in half an hour.")
    pending = writer.reply(approved, _utc(10, 30, 20), kind, "PENDING")
    approved.changes.append((_utc(10, 31, 12), {"reply": msgspec.structs.replace(pending, state="APPROVED")}))
    writer.happened("reply_approved", approved, 1)
    refused = writer.write(_utc(10, 27, 22), 2, "The receptionist was short with me.")
    pending = writer.reply(refused, _utc(10, 31, 12), "Call us. Or visit our new shop, 20% off everything!", "PENDING")
    rejected = msgspec.structs.replace(pending, state="REJECTED", policy_violation="ADVERTISING")
    refused.changes.append((_utc(11, 1, 10), {"reply": rejected}))
    writer.happened("reply_awaiting", refused, 1)
    writer.happened("reply_turned_down", refused, 2)
    waiting = writer.write(_utc(10, 30, 13), 4, "Nice people.")
    writer.reply(waiting, _utc(10, 31, 2), kind, "PENDING")
    writer.happened("reply_still_pending", waiting, 0)
    writer.happened("october_ends_in_chicago", writer.write(_utc(11, 1, 4, 30), 5, "Last one this month!"), 1)
    writer.happened("november_begins_in_chicago", writer.write(_utc(11, 1, 5, 20), 5, "Up late to say thanks."), 1)
    writer.ordinary(5, _utc(11, 1, 19))


def _harbor(writer: _Writer) -> None:
    for number in range(12):
        created = _utc(10, 12 + number // 2, 13 + 3 * (number % 2), writer.rng.randint(0, 59))
        life = writer.write(created, 1, writer.filled(phrases.BURST[number]) if number < len(phrases.BURST) else None)
        writer.happened("burst", life, 0)
        if number == 4:
            life.gone_at = _utc(10, 31, 21)
            writer.happened("deleted_burst", life, 1)


def _gesher(writer: _Writer) -> None:
    # Half past midnight on 1 October in Madrid is still September in UTC.
    edge = writer.write(_utc(9, 30, 22, 30), 5, phrases.RIGHT_TO_LEFT[0][1], phrases.RIGHT_TO_LEFT_NAMES[0])
    writer.happened("october_begins_in_madrid", edge, 0)
    arabic = writer.write(_utc(10, 21, 11), 4, phrases.RIGHT_TO_LEFT[4][1], phrases.RIGHT_TO_LEFT_NAMES[4])
    writer.reply(arabic, _utc(10, 22, 9), phrases.REPLY_TO_PRAISE[2])
    writer.ordinary(5, _utc(11, 1, 10))


def _cedar(writer: _Writer) -> None:
    writer.ordinary(5, _utc(11, 1, 16))


def _maple(writer: _Writer) -> None:
    writer.hostile(("formula", "zalgo", "long"))
    taken = writer.write(_utc(10, 22, 15), 2, "They hurt me and then sent a bill.", "Delia Quist")
    writer.reply(taken, _utc(10, 23, 9), "Delia, our records show that you were late for your root canal.")
    taken.changes.append((_utc(11, 1, 18), {"reply": None}))
    writer.happened("reply_taken_down", taken, 2)
    rejected = writer.write(_utc(10, 14, 15), 1, "Rude from start to finish.", "Ulrich F.")
    writer.reply(rejected, _utc(10, 14, 19), "Take this down or you will hear from our attorney.", "REJECTED")
    writer.happened("reply_rejected", rejected, 0)
    for number in range(len(phrases.ANGRY_DISCLOSURE)):
        for answers, said, stars in (
            (phrases.ANGRY_DISCLOSURE, "Not happy with how I was spoken to.", 2),
            (phrases.FRIENDLY_DISCLOSURE, "Lovely people, all of them.", 5),
        ):
            # Every kind of disclosure is there, whatever the seed; spread over the months before.
            if number < len(answers):
                created = _utc(3 + number, 10 + stars, 15)
                life = writer.write(created, stars, said, "Tilda Farrow")
                writer.reply(life, created + dt.timedelta(hours=5), writer.filled(answers[number], "Tilda"))
    writer.ordinary(4, _utc(11, 1, 20))


def _lakeside(writer: _Writer) -> None:
    writer.ordinary(2, _utc(11, 1, 17))


_SCRIPTS = {
    "riverside-dental": _riverside,
    "harbor-family-medicine": _harbor,
    "gesher-dental": _gesher,
    "cedar-hollow": _cedar,
    "maple-street-dental": _maple,
    "lakeside-medical": _lakeside,
}


def _cut(instant: dt.datetime, digits: int) -> dt.datetime:
    """Drop what a timestamp of so many fraction digits cannot say."""
    step = {0: 1_000_000, 3: 1_000}.get(digits, 1)
    return instant.replace(microsecond=instant.microsecond // step * step)


def _stamp(instant: dt.datetime, digits: int) -> str:
    """Write an instant as Google does, with 0, 3, 6 or 9 digits after the second."""
    fraction = f"{instant.microsecond:06d}417"[:digits]
    return f"{instant:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{fraction}Z"


def _quoted(text: str) -> str:
    # A JSON string of printable text is a TOML basic string.
    return json.dumps(text, ensure_ascii=False)


def _days_of(rng: random.Random, first_month: dt.date, monthly: tuple[int, ...]) -> Iterator[dt.date]:
    """Yield sorted days, so many a month; none later than the 28th, so that no file knows a future night."""
    for month, count in enumerate(monthly):
        day = add_months(first_month, month)
        yield from sorted(day.replace(day=rng.randint(1, 28)) for _ in range(count))


def _healthgrades(rng: random.Random) -> bytes:
    """Return riverside's reviews of another site: UTF-8, commas, ISO dates, the common import layout."""
    kept = io.StringIO(newline="")
    sheet = csv.writer(kept)
    sheet.writerow(_IMPORT_COLUMNS)
    for number, day in enumerate(_days_of(rng, dt.date(2026, 4, 1), (2, 3, 2, 4, 2, 5, 7)), 1):
        stars = rng.choices(("5", "4.5", "4", "3", "2", "1"), (10, 3, 4, 2, 1, 1))[0]
        happy = float(stars) >= 4
        topic = rng.choice(("waiting", "explaining", "pain", "cost"))
        text = rng.choice((phrases.PRAISE if happy else phrases.COMPLAINTS)[topic]).format(
            minutes=30, weekday="Thursday", doctor="Dr. Lund", helper="hygienist", visit="filling"
        )
        answered = rng.random() < 0.5
        sheet.writerow(
            [
                "healthgrades",
                f"{_SITE}/healthgrades/riverside-dental",
                "riverside-dental",
                "",
                f"HG-{number:05d}",
                f"{rng.choice(phrases.FIRST_NAMES)} {rng.choice(phrases.LAST_NAMES)[0]}.",
                stars,
                "5",
                "Thank you" if happy else "",
                f'{text}\nAs they say: "{topic}, always {topic}".' if number % 6 == 0 else text,
                day if number != 5 else "2026-02-30",
                (phrases.REPLY_TO_PRAISE if happy else phrases.REPLY_TO_COMPLAINT)[0] if answered else "",
                day + dt.timedelta(days=rng.randint(1, 2)) if answered else "",
                "2026-10-30",
            ]
        )
    return kept.getvalue().encode("utf-8")


def _survey(rng: random.Random) -> bytes:
    """Return gesher's patient survey: Latin-1, semicolons, decimal commas, day before month, 0 to 10."""
    kept = io.StringIO(newline="")
    sheet = csv.writer(kept, delimiter=";")
    sheet.writerow(["Referencia", "Fecha", "Valoración", "Comentario", "¿Qué mejoraría?"])
    for number, day in enumerate(_days_of(rng, dt.date(2026, 7, 1), (12, 9, 14, 15)), 1):
        tenths = rng.choices((100, 95, 90, 80, 65, 40, 15, None), (8, 4, 6, 5, 3, 2, 1, 2))[0]
        happy = tenths is None or tenths >= 70
        said = rng.choice([spanish for mood, spanish, _ in phrases.SPANISH if mood == happy])
        sheet.writerow(
            [
                f"E-{number:04d}",
                f"{day:%d/%m/%Y}" if number != 7 else "31/09/2026",
                "No contesta" if tenths is None else f"{tenths // 10},{tenths % 10}",
                said if tenths is None or rng.random() < 0.6 else "",
                rng.choice(("", "", "El teléfono", "Más citas por la tarde; el sábado también")),
            ]
        )
    return kept.getvalue().encode("latin-1")
