"""Trustpilot: service reviews and the company's one reply, by the public API with an application's key.

An edit or a reply does not move a review up the list, so most nights read a month further back than the newest
review, and the weekly sweep finds what changed before that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pipelines.answers import Id, Walk, decoded, each, record_or_none, refusal, tried_keys, word
from pipelines.errors import RapportError
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Outcome, Page, Planned, Source, Tools

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
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.trustpilot.key,
            about={
                "practice_id": practice.id,
                "business_unit": practice.trustpilot.business_unit,
                **({"location": practice.trustpilot.location} if practice.trustpilot.location else {}),
            },
        )
        for practice in practices.practice
        if practice.trustpilot
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the unit's own total, then list reviews, newest first: to the empty page (sweep) or past the watermark.

    A practice that is one location of a unit has no total of its own. Raises SiteDown, BadKey, UnknownName (the
    unit is gone) or ChangedShape.
    """
    unit, location = planned.about["business_unit"], planned.about.get("location")
    where = f"{SOURCE.name}: {planned.label}"
    expected: int | None = None
    if not location:
        body = _get(f"/business-units/{unit}", {}, planned, tools)
        expected = decoded(body, _Unit, source=SOURCE.name, where=where).number_of_reviews.total
        yield Page(body=body)
    known = planned.since - OVERLAP if planned.since and not planned.sweep else None
    walk, number = Walk(where, newest=planned.since), 1
    while True:
        asked = {"perPage": str(PAGE_SIZE), "page": str(number), "orderBy": "createdat.desc"}
        more = {"internalLocationId": location} if location else {}
        body = _get(f"/business-units/{unit}/reviews", asked | more, planned, tools)
        yield Page(body=body)
        raws = decoded(body, _Reviews, source=SOURCE.name, where=where).reviews
        if not raws:
            # A list shorter than Trustpilot's own total lacks something, so nothing is called deleted by it.
            seen = len(walk.ids)
            complete = expected is None or seen >= expected
            return Outcome(complete=complete, expected=seen if expected is None else expected, newest=walk.newest)
        walk.add((head.id, head.created_at) for raw in raws if (head := record_or_none(raw, _Head)))
        if walk.has_reached(known):
            return Outcome(complete=False, expected=expected, newest=walk.newest)
        number += 1


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Read one business unit with each key."""

    def ask(planned: Planned) -> str:
        _get(f"/business-units/{planned.about['business_unit']}", {}, planned, tools)
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's reviews and replies, or Trustpilot's own total. Raises ChangedShape."""
    practice_id = page.receipt.about.get("practice_id", page.receipt.label)
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    place: dict[str, Any] = {
        "source": SOURCE.name,
        "site": SOURCE.site,
        "practice_id": practice_id,
        "page": page.path,
    }
    if "numberOfReviews" in decoded(page.body, dict[str, msgspec.Raw], source=SOURCE.name, where=where):
        unit = decoded(page.body, _Unit, source=SOURCE.name, where=where)
        yield Record(
            kind="total",
            item_id="total",
            position=0,
            total_count=unit.number_of_reviews.total,
            total_average=unit.score.trust_score if unit.score else None,
            **place,
        )
        return
    raws = decoded(page.body, _Reviews, source=SOURCE.name, where=where).reviews
    for position, review in each(raws, _Review, page, practice_id=practice_id):
        if isinstance(review, SetAside):
            yield review
        else:
            yield from _records(review, {**place, "position": position})


def _records(review: _Review, place: dict[str, Any]) -> Iterator[Record]:
    author = review.consumer or _Consumer()
    yield Record(
        kind="review",
        item_id=str(review.id),
        author_id=None if author.id is None else str(author.id),
        author_name=author.display_name,
        created_at=review.created_at.astimezone(dt.UTC),
        updated_at=(review.updated_at or review.created_at).astimezone(dt.UTC),
        rating=Decimal(review.stars),
        title=review.title or None,
        text=review.text or None,
        state=review.status.lower() if review.status and review.status != "active" else None,
        url=f"https://www.trustpilot.com/reviews/{review.id}",
        **place,
    )
    if reply := review.company_reply:
        yield Record(
            kind="reply",
            item_id=f"{review.id}/reply",
            parent_id=str(review.id),
            created_at=reply.created_at.astimezone(dt.UTC),
            updated_at=(reply.updated_at or reply.created_at).astimezone(dt.UTC),
            text=reply.text or None,
            **place,
        )


def _get(path: str, params: dict[str, str], planned: Planned, tools: Tools) -> bytes:
    where = f"{SOURCE.name}: {planned.label}"
    key = load_key(SOURCE.name, planned.key, SOURCE.key_fields)["api_key"]
    answer = tools.client.request(
        "GET", f"{tools.address()}{path}", where=where, params=params, headers={"apikey": key}
    )
    if answer.status_code == 200:
        return answer.content
    raise refusal(
        answer,
        title="Trustpilot",
        where=where,
        said=word(answer, "fault", "detail", "errorcode"),
        renew="Copy the API key of your application in Trustpilot Business again",
        allow="Ask Trustpilot whether your plan includes the API for this business unit",
        correct="Correct trustpilot.business_unit in practices.toml; rapport needs its 24-character id",
    )
