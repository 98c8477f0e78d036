"""Trustpilot: service reviews and the company's one reply, by the public API with an application's key.

An edit or a reply does not move a review up the list, so most nights read a month further back than the newest
review, and the weekly sweep finds what changed before that.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec

from pipelines.answers import Advice, Id, Walk, readable, reply_to, total, tried_keys
from pipelines.errors import RapportError
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Listing, Outcome, Page, Planned, Source, Tools, visit_of
from pipelines.talk import Place, Reading, utc

SOURCE = Source(
    name="trustpilot",
    title="Trustpilot",
    policy=Policy(
        terms_url="https://corporate.trustpilot.com/legal/for-businesses/terms-of-use-and-sale-for-businesses",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="second hand",
        # The terms name no number of days: text goes at once, features when four sweeps have listed them anew.
        keep_text_days=1,
        keep_derived_days=30,
        attribution="Trustpilot",
        # Section 21 forbids mining the texts, and a topic is mined from a text.
        classify=False,
    ),
    gives=("reviews", "replies", "totals"),
    told=(
        "reviews, the company's reply, Trustpilot's own total",
        "who deleted a review or why; edits and replies of old reviews before the next sweep; topics and moods, as the "
        "terms forbid to mine the texts",
        "your application's API key, nightly, with a complete weekly sweep",
    ),
    site="trustpilot",
    addresses={"api": "https://api.trustpilot.com/v1"},
    per_minute=160,
    # The total, lists of 100 and the empty page that ends them; Trustpilot has no quota of a day.
    cost=Cost(calls=3, sweep_calls=5),
    key_fields=("api_key",),
)
PAGE_SIZE = 100
OVERLAP = dt.timedelta(days=30)


class _Consumer(msgspec.Struct, rename="camel"):
    id: Id | None = None
    display_name: str | None = None
    number_of_reviews: int | None = None


class _Reply(msgspec.Struct, rename="camel"):
    created_at: dt.datetime
    text: str | None = None
    updated_at: dt.datetime | None = None


class _Review(msgspec.Struct, rename="camel"):
    id: Id
    stars: Annotated[int, msgspec.Meta(ge=1, le=5)]
    created_at: dt.datetime
    consumer: _Consumer | None = None
    title: str | None = None
    text: str | None = None
    updated_at: dt.datetime | None = None
    company_reply: _Reply | None = None
    status: str | None = None


class _Head(msgspec.Struct, rename="camel"):
    id: Id
    created_at: dt.datetime


class _Reviews(msgspec.Struct):
    reviews: list[msgspec.Raw]


class _Count(msgspec.Struct):
    total: int


class _Score(msgspec.Struct, rename="camel"):
    trust_score: Decimal | None = None


class _Unit(msgspec.Struct, rename="camel"):
    number_of_reviews: _Count
    score: _Score | None = None


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        visit_of(practice, unit.key, business_unit=unit.business_unit, location=unit.location)
        for practice in practices.practice
        if (unit := practice.trustpilot)
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the unit's own total, then list reviews, newest first: to the empty page (sweep) or past the watermark.

    A practice that is one location of a unit has no total of its own. Raises SiteDown, BadKey, UnknownName (the
    unit is gone) or ChangedShape.
    """
    ask = _Asker(planned, tools)
    location = planned.about["location"]
    asked = {"perPage": str(PAGE_SIZE), "orderBy": "createdat.desc"}
    expected: int | None = None
    if location:
        asked["internalLocationId"] = location
    else:
        body = ask.get()
        expected = ask.decoded(body, _Unit).number_of_reviews.total
        yield Page(body=body)
    known, walk = planned.known(OVERLAP), Walk(ask.where, newest=planned.since, moves=True)
    listed, passed_over = 0, False
    for number in itertools.count(1):
        body = ask.get("/reviews", page=str(number), **asked)
        yield Page(body=body)
        raws = ask.decoded(body, _Reviews).reviews
        # A review that was taken out meanwhile moved the others up, and this page may have begun behind one of them.
        # A unit's total tells that; a location has none, so what stands before the page is looked at.
        passed_over |= bool(location and planned.sweep and walk.last) and ask.id_at(listed, asked) != walk.last
        if not raws:
            break
        listed += len(raws)
        walk.add((head.id, head.created_at) for head in readable(raws, _Head))
        if walk.has_reached(known):
            return Outcome(complete=False, expected=expected, newest=walk.newest)
    # A list shorter than Trustpilot's own total lacks something, so nothing is called deleted by it.
    seen = len(walk.ids)
    return Outcome(
        complete=not passed_over and (expected is None or seen >= expected),
        expected=seen if expected is None else expected,
        newest=walk.newest,
        why="a review was taken out while the others were listed, so the list may lack one" if passed_over else "",
    )


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Read one business unit with each key."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).get()
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's reviews and replies, or Trustpilot's own total. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    if "numberOfReviews" in reading.fields():
        unit = reading.decoded(_Unit)
        yield total(unit.number_of_reviews.total, unit.score.trust_score if unit.score else None, reading.at(0))
    else:
        yield from reading.records(reading.decoded(_Reviews).reviews, _Review, "review", _records)


def _records(review: _Review, place: Place) -> Iterator[Record]:
    author = review.consumer or _Consumer()
    yield Record(
        kind="review",
        item_id=str(review.id),
        author_id=None if author.id is None else str(author.id),
        author_name=author.display_name,
        author_reviews=author.number_of_reviews,
        created_at=utc(review.created_at),
        updated_at=utc(review.updated_at or review.created_at),
        rating=Decimal(review.stars),
        title=review.title or None,
        text=review.text or None,
        state=review.status.lower() if review.status and review.status != "active" else None,
        url=f"https://www.trustpilot.com/reviews/{review.id}",
        **place,
    )
    if reply := review.company_reply:
        changed = utc(reply.updated_at) if reply.updated_at else None
        yield reply_to(str(review.id), place, text=reply.text, created_at=utc(reply.created_at), updated_at=changed)


class _Asker(Asker):
    word_at = ("fault", "detail", "errorcode")
    advice = Advice(
        title="Trustpilot",
        renew="Copy the API key of your application in Trustpilot Business again",
        allow="Ask Trustpilot whether your plan includes the API for this business unit",
        correct="Correct trustpilot.business_unit in practices.toml; rapport needs its 24-character id",
    )

    def id_at(self, number: int, asked: dict[str, str]) -> str:
        """Return the id of the review that is now the list's first, second, …, or "" if there is none."""
        body = self.get("/reviews", **asked | {"perPage": "1", "page": str(number)})
        return "".join(str(head.id) for head in readable(self.decoded(body, _Reviews).reviews, _Head))

    def get(self, path: str = "", **params: str) -> bytes:
        url = f"{self.tools.address()}/business-units/{self.planned.about['business_unit']}{path}"
        headers = {"apikey": self.key()["api_key"]}
        return self.good(self.tools.client.request("GET", url, where=self.where, params=params, headers=headers))
