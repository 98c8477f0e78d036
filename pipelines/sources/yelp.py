"""Yelp: a business's own count and mean, and the few excerpts that the plan of the key allows.

Seven excerpts of a hundred reviews are a sample that Yelp has chosen. They are shown as waiting for a look, and never
counted, averaged, or mixed with another site; what they leave out is the difference to Yelp's own count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import msgspec

from pipelines.answers import Advice, Id, from_zone, total, tried_keys, word
from pipelines.errors import BadKey, RapportError, UnknownName
from pipelines.http import quota_left
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Listing, Outcome, Page, Planned, Source, Tools, visit_of
from pipelines.talk import Place, Reading, public

SOURCE = Source(
    name="yelp",
    title="Yelp",
    policy=Policy(
        terms_url="https://terms.yelp.com/developers/api_terms/",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="second hand",
        # 24 hours for everything but ids: gone with the first housekeeping after the night was scored.
        keep_text_days=0,
        keep_derived_days=0,
        attribution="Yelp",
        # Section 5(b) allows to change its content for analysis that is not commercial only.
        classify=False,
    ),
    gives=("excerpts", "totals"),
    told=(
        "its own count and mean, and as many excerpts as your plan has (0, 3 or 7 of 160 characters)",
        "whole reviews, replies, deletions, topics; it is never counted, averaged or mixed with other sites, and kept "
        "for a day",
        "API key, two requests a practice and night",
    ),
    site="yelp",
    addresses={"api": "https://api.yelp.com/v3"},
    per_minute=60,
    # The quota is a trial's; a paid plan has its own.
    cost=Cost(calls=2, sweep_calls=2, calls_a_day=300),
    key_fields=("api_key",),
    sampled=True,
)
MOST_EXCERPTS = 50
# Yelp's times have no zone; by convention they are those of San Francisco.
_PACIFIC = ZoneInfo("America/Los_Angeles")


class _Business(msgspec.Struct):
    id: Id
    review_count: int
    rating: Decimal | None = None


class _User(msgspec.Struct):
    id: Id | None = None
    name: str | None = None


class _Excerpt(msgspec.Struct):
    id: Id
    rating: Annotated[float, msgspec.Meta(ge=1, le=5)]
    time_created: dt.datetime
    text: str | None = None
    url: str | None = None
    user: _User | None = None


class _Excerpts(msgspec.Struct):
    reviews: list[msgspec.Raw]
    total: int | None = None


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        visit_of(practice, practice.yelp.key, business=practice.yelp.business)
        for practice in practices.practice
        if practice.yelp
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    """Excerpts list nothing, and Yelp tells no replies."""
    return Listing(complete=False, can_reply=False)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the business and, where the key's plan has them, its newest excerpts: two requests a night.

    Raises SiteDown (until the quota is new, if it is used up), BadKey, UnknownName or ChangedShape.
    """
    ask = _Asker(planned, tools)
    body = ask.good(ask.get())
    yield Page(body=body)
    business = ask.decoded(body, _Business)
    answer = ask.get("/reviews", limit=str(MOST_EXCERPTS), sort_by="newest")
    # The business could be read with this key, so a refusal here is what the plan has to say of excerpts.
    if answer.status_code not in (403, 404):
        body = ask.good(answer)
        yield Page(body=body)
        ask.decoded(body, _Excerpts)
    return Outcome(complete=False, expected=business.review_count, quota_left=quota_left(answer.headers))


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Read one business with each key, and say what is left of the day's requests."""

    def ask(planned: Planned) -> str:
        asker = _Asker(planned, tools)
        answer = asker.get()
        asker.good(answer)
        left = quota_left(answer.headers)
        return "" if left is None else f", {left} requests left today"

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's excerpts, or Yelp's own count and mean. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    if "review_count" in reading.fields():
        business = reading.decoded(_Business)
        yield total(business.review_count, business.rating, reading.at(0))
    else:
        yield from reading.records(reading.decoded(_Excerpts).reviews, _Excerpt, "excerpt", _records)


def _records(excerpt: _Excerpt, place: Place) -> Iterator[Record]:
    author = excerpt.user or _User()
    written = from_zone(excerpt.time_created, _PACIFIC)
    yield Record(
        kind="review",
        item_id=str(excerpt.id),
        author_id=None if author.id is None else str(author.id),
        author_name=author.name,
        created_at=written,
        updated_at=written,
        rating=Decimal(str(excerpt.rating)),
        text=excerpt.text or None,
        url=public(excerpt.url),
        **place,
    )


class _Asker(Asker):
    word_at = ("error", "code")
    advice = Advice(
        title="Yelp",
        renew="Copy the API key of your app at Yelp again, or make a new one; a trial's key ends with the trial",
        allow="Yelp does not show this business to your plan or region: take yelp out of the practice",
        correct="Correct yelp.business in practices.toml, or take it out if the business is closed",
    )

    def get(self, path: str = "", **params: str) -> httpx.Response:
        url = f"{self.tools.address()}/businesses/{quote(self.planned.about['business'], safe='')}{path}"
        headers = {"Authorization": f"Bearer {self.key()['api_key']}"}
        return self.tools.client.request("GET", url, where=self.where, params=params, headers=headers)

    def refused(self, answer: httpx.Response) -> RapportError:
        moved_to = word(answer, "error", "new_business_id")
        if moved_to or self.said(answer) == "BUSINESS_MIGRATED":
            correct = f"Set yelp.business in practices.toml to '{moved_to or 'its new id'}'"
            return UnknownName("the business has moved at Yelp", where=self.where, next_step=correct)
        if answer.status_code == 400 and word(answer, "error", "field") == "Authorization":
            again = "Copy the API key again"
            return BadKey("Yelp refuses the key (it is too short)", where=self.where, next_step=again)
        return super().refused(answer)
