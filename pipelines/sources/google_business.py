"""Google Business Profile: reviews and the owner's replies by the v4 API, and daily numbers by the Performance API.

Google says nothing of deletions: a review that is gone is only missing from a complete listing. So most nights
read from the newest change back to what is known, with an overlap, and a weekly sweep reads everything. Where a key has
many locations of one account, most nights ask for what is new at all of them at once.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Collection, Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import httpx
import msgspec

from pipelines.answers import (
    Advice,
    Count,
    Id,
    Walk,
    batches,
    latest,
    readable,
    record_or_none,
    reply_to,
    total,
    tried_keys,
    word,
)
from pipelines.errors import BadKey, ChangedShape, RapportError
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools, visit_of
from pipelines.talk import Place, Reading, metric, utc

SOURCE = Source(
    name="google_business",
    title="Google Business Profile",
    policy=Policy(
        terms_url="https://developers.google.com/my-business/content/policies",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="second hand",
        # Limited amounts may be stored for 30 calendar days, and what is stored may not be aggregated, nor compared
        # between clients; longer than 30 days is the operator's decision.
        keep_text_days=30,
        keep_derived_days=30,
        classify=True,
        attribution="Google",
    ),
    gives=("reviews", "replies", "totals", "metrics"),
    told=(
        "reviews, ratings without words, the owner's replies and their state, Google's own total, calls, directions, "
        "clicks and views a day",
        "who deleted a review or why; replies other than the owner's; what people searched for",
        "owner-authorised API, nightly, with a complete weekly sweep",
    ),
    site="google",
    addresses={
        "api": "https://mybusiness.googleapis.com",
        "performance": "https://businessprofileperformance.googleapis.com",
        "token": "https://oauth2.googleapis.com/token",
    },
    per_minute=300,
    cost=Cost(calls=3, sweep_calls=6),
    metrics=(
        Metric(name="BUSINESS_IMPRESSIONS_DESKTOP_MAPS", meaning="impressions"),
        Metric(name="BUSINESS_IMPRESSIONS_DESKTOP_SEARCH", meaning="impressions"),
        Metric(name="BUSINESS_IMPRESSIONS_MOBILE_MAPS", meaning="impressions"),
        Metric(name="BUSINESS_IMPRESSIONS_MOBILE_SEARCH", meaning="impressions"),
        Metric(name="BUSINESS_DIRECTION_REQUESTS", meaning="directions"),
        Metric(name="CALL_CLICKS", meaning="calls"),
        Metric(name="WEBSITE_CLICKS", meaning="website_clicks"),
        Metric(name="BUSINESS_BOOKINGS", meaning="bookings"),
        Metric(name="MESSAGING_CLICKS", meaning="clicks"),
        # Google's own chat ended with July 2024; what counts messages since are clicks on a button.
        Metric(name="BUSINESS_CONVERSATIONS", meaning="conversations", valid_to=dt.date(2024, 7, 31)),
    ),
    key_fields=("client_id", "client_secret", "refresh_token"),
)
PAGE_SIZE = 50
OVERLAP = dt.timedelta(hours=48)
# Numbers of the last days come late and are corrected for some days.
LATE_DAYS, SWEEP_DAYS = 10, 90
# With fewer locations their own lists, which tell the total as well, cost about as little as one for all.
FEWEST_TOGETHER, MOST_TOGETHER = 10, 50
# A night that is no sweep is less than a week from the last one, and replies come some days after a review.
TOGETHER_DAYS = 14
ASKED = tuple(metric.name for metric in SOURCE.metrics if metric.valid_to is None)
_PERFORMANCE = "performance.json"
_STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5, "STAR_RATING_UNSPECIFIED": None}
_REPLY_STATES = {"APPROVED": "approved", "PENDING": "pending", "REJECTED": "rejected"}


class _Reviewer(msgspec.Struct, rename="camel"):
    display_name: str | None = None
    is_anonymous: bool = False


class _Reply(msgspec.Struct, rename="camel"):
    update_time: dt.datetime
    comment: str | None = None
    review_reply_state: str | None = None


class _Review(msgspec.Struct, rename="camel"):
    review_id: Id
    star_rating: Literal["ONE", "TWO", "THREE", "FOUR", "FIVE", "STAR_RATING_UNSPECIFIED"]
    create_time: dt.datetime
    update_time: dt.datetime
    reviewer: _Reviewer | None = None
    comment: str | None = None
    review_reply: _Reply | None = None
    review_reply_url: str | None = None


class _Head(msgspec.Struct, rename="camel"):
    review_id: Id
    update_time: dt.datetime


class _Listing(msgspec.Struct, rename="camel"):
    """One page. Records stay raw here, so that a bad one does not take its neighbours with it."""

    reviews: list[msgspec.Raw] = []
    average_rating: Decimal | None = None
    total_review_count: int | None = None
    next_page_token: str = ""


class _Located(msgspec.Struct):
    """A review among those of several locations; `name` is its location's."""

    name: str
    review: msgspec.Raw


class _LocationReviews(msgspec.Struct, rename="camel"):
    location_reviews: list[_Located] = []
    next_page_token: str = ""


class _Together(msgspec.Struct):
    """What the locations of an account have new, by location, or why they could not be asked together."""

    reviews: dict[str, list[_Located]] = {}
    why: str = ""


class _Date(msgspec.Struct):
    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        dt.date(self.year, self.month, self.day)


class _Dated(msgspec.Struct):
    date: _Date
    value: Count | None = None


class _Days(msgspec.Struct, rename="camel"):
    dated_values: list[_Dated] = []


class _Series(msgspec.Struct, rename="camel"):
    daily_metric: str
    time_series: _Days

    def __post_init__(self) -> None:
        if self.daily_metric not in ASKED:
            raise ValueError("a number that was not asked for")


class _Group(msgspec.Struct, rename="camel"):
    daily_metric_time_series: list[msgspec.Raw] = []


class _Performance(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    multi_daily_metric_time_series: list[_Group] = []


class _Token(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]


def visits(practices: Practices, exports: Path) -> list[Planned]:
    """Return one visit a practice, which knows the numbers of the locations that it may be asked together with."""
    found = []
    accounts = defaultdict[tuple[str, str], list[str]](list)
    profiles = [(practice, practice.google_business) for practice in practices.practice if practice.google_business]
    for _, profile in profiles:
        account, number = profile.location.split("/locations/")
        accounts[profile.key, account].append(number)
    for practice, profile in profiles:
        account, number = profile.location.split("/locations/")
        held = next(some for some in batches(accounts[profile.key, account], MOST_TOGETHER) if number in some)
        together = {"together": " ".join(held)} if len(held) >= FEWEST_TOGETHER else {}
        found.append(visit_of(practice, profile.key, location=profile.location, **together))
    return found


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """List what is new together with other locations, or this one's reviews; then ask for numbers.

    A key that may not read the numbers does not cost the reviews: the outcome then says why they are missing. Raises
    SiteDown, BadKey, UnknownName (the location is gone) or ChangedShape.
    """
    ask = _Asker(planned, tools)
    told = _Together() if planned.sweep or "together" not in planned.about else ask.together()
    if planned.about["location"] in told.reviews:
        outcome = yield from _shared(told, ask)
    else:
        outcome = yield from _listed(ask)
    missing = yield from _numbers(ask)
    return msgspec.structs.replace(outcome, why="; ".join(part for part in (told.why, missing) if part))


def _shared(told: _Together, ask: _Asker) -> Generator[Page, None, Outcome]:
    """Keep what is this location's, each review as it was received: the others' belong to their own visits."""
    own = _LocationReviews(location_reviews=told.reviews[ask.planned.about["location"]])
    yield Page(body=msgspec.json.encode(own))
    heads = readable([located.review for located in own.location_reviews], _Head)
    return Outcome(complete=False, newest=latest(ask.planned.since, *(head.update_time for head in heads)))


def _listed(ask: _Asker) -> Generator[Page, None, Outcome]:
    """List a location, newest change first: to the end (sweep), or to the watermark less the overlap."""
    known, walk = ask.planned.known(OVERLAP), Walk(ask.where, newest=ask.planned.since, moves=True)
    expected: int | None = None
    token = ""
    while True:
        body = ask.reviews(token)
        yield Page(body=body)
        found = ask.decoded(body, _Listing)
        if unknown := _unknown(ask.decoded(body, dict[str, msgspec.Raw]).keys()):
            raise ask.strange(unknown)
        walk.add((head.review_id, head.update_time) for head in readable(found.reviews, _Head))
        expected = found.total_review_count if expected is None else expected
        if not found.next_page_token:
            break
        if walk.has_reached(known):
            return Outcome(complete=False, newest=walk.newest)
        token = walk.turn(found.next_page_token)
    # Google has lost reviews between pages before: a short listing is not complete, so nothing is called deleted
    # because of it.
    seen = len(walk.ids)
    expected = seen if expected is None else expected
    return Outcome(complete=seen >= expected, expected=expected, newest=walk.newest)


def _numbers(ask: _Asker) -> Generator[Page, None, str]:
    """Keep the daily numbers, or return why the key may not read them."""
    answer = ask.numbers()
    if answer.status_code in (403, 404):
        return f"no numbers of calls, clicks and views ({ask.refused(answer).what}): docs/sources/{SOURCE.name}.md"
    yield Page(body=ask.good(answer), suffix=_PERFORMANCE)
    return ""


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Exchange each key once; nothing is read."""

    def ask(planned: Planned) -> str:
        _Asker(planned, tools).access(fresh=True)
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's reviews, their replies and Google's own total, or its daily numbers. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    if f".{_PERFORMANCE}" in page.path:
        groups = reading.decoded(_Performance).multi_daily_metric_time_series
        raws = [raw for group in groups for raw in group.daily_metric_time_series]
        yield from reading.records(raws, _Series, "metric", _days)
        return
    fields = reading.fields().keys()
    if "locationReviews" in fields:
        raws = [located.review for located in reading.decoded(_LocationReviews).location_reviews]
        yield from reading.records(raws, _Review, "review", _records)
        return
    if unknown := _unknown(fields):
        raise reading.strange(unknown)
    found = reading.decoded(_Listing)
    yield from reading.records(found.reviews, _Review, "review", _records)
    if found.total_review_count is not None or not found.reviews:
        yield total(found.total_review_count or 0, found.average_rating, reading.at(0))


def _unknown(fields: Collection[str]) -> str:
    """Return what is wrong with a page of these fields. `{}` is how Google says "none"; anything else without reviews
    is an answer to another question."""
    strange = set(fields) - {"totalReviewCount", "averageRating", "nextPageToken"}
    return (
        "" if "reviews" in fields or not strange else f"the page has no reviews but {', '.join(sorted(strange))[:80]}"
    )


def _days(series: _Series, place: Place) -> Iterator[Record]:
    """Yield a number's days. A day without a value may be zero or not counted yet, so it stays without one."""
    for dated in series.time_series.dated_values:
        day = dt.date(dated.date.year, dated.date.month, dated.date.day)
        yield metric(series.daily_metric, None if dated.value is None else int(dated.value), place, day=day)


def _records(review: _Review, place: Place) -> Iterator[Record]:
    reviewer = review.reviewer or _Reviewer()
    stars = _STARS[review.star_rating]
    yield Record(
        kind="review",
        item_id=str(review.review_id),
        # Google gives no author id; a display name tells returning authors apart only within a practice.
        author_id=None if reviewer.is_anonymous else reviewer.display_name,
        author_name=reviewer.display_name,
        created_at=utc(review.create_time),
        updated_at=utc(review.update_time),
        rating=None if stars is None else Decimal(stars),
        text=review.comment,
        url=review.review_reply_url,
        **place,
    )
    if reply := review.review_reply:
        said = reply.review_reply_state
        state = _REPLY_STATES.get(said, said.lower()) if said else None
        yield reply_to(str(review.review_id), place, text=reply.comment, updated_at=utc(reply.update_time), state=state)


class _Asker(Asker):
    advice = Advice(
        title="Google",
        renew="Authorise the account again",
        allow="Make the account a manager of the profile, and enable the Business Profile API for the project",
        correct="Correct google_business.location in practices.toml, or take it out if the profile is closed",
    )

    def reviews(self, token: str) -> bytes:
        """Return a page of the location's reviews."""
        asked = {"pageSize": str(PAGE_SIZE), "orderBy": "updateTime desc"} | ({"pageToken": token} if token else {})
        url = f"{self.tools.address()}/v4/{self.planned.about['location']}/reviews"
        return self.good(self._ask("GET", url, params=list(asked.items())))

    def numbers(self) -> httpx.Response:
        """Ask for the daily numbers of the last days, which are late and corrected for a while."""
        night = self.planned.night
        first = night - dt.timedelta(days=SWEEP_DAYS if self.planned.sweep else LATE_DAYS)
        ends = {"startDate": first, "endDate": night - dt.timedelta(days=1)}
        params = [("dailyMetrics", name) for name in ASKED] + [
            (f"dailyRange.{end}.{part}", str(getattr(day, part)))
            for end, day in ends.items()
            for part in ("year", "month", "day")
        ]
        number = self.planned.about["location"].partition("/locations/")[2]
        url = f"{self.tools.address('performance')}/v1/locations/{number}:fetchMultiDailyMetricsTimeSeries"
        return self._ask("GET", url, params=params)

    def together(self) -> _Together:
        """Return what all locations that are asked with this one have new; the first of them asks, once a run."""
        account = self.planned.about["location"].partition("/locations/")[0]
        names = [f"{account}/locations/{number}" for number in self.planned.about["together"].split()]
        held = self.tools.once(
            f"{self.planned.key} {names[0]}", lambda: msgspec.json.encode(self._together(account, names)).decode()
        )
        return msgspec.json.decode(held, type=_Together)

    def _together(self, account: str, names: list[str]) -> _Together:
        """List all locations, newest change first, two weeks back. One that is refused must not cost the others."""
        asked = {"locationNames": names, "pageSize": PAGE_SIZE, "orderBy": "updateTime desc"}
        found = _Together(reviews={name: [] for name in names})
        known = self.planned.days_ago(TOGETHER_DAYS)
        walk, moments, token = Walk(self.where, moves=True), list[dt.datetime](), ""
        while True:
            body = msgspec.json.encode(asked | ({"pageToken": token} if token else {}))
            answer = self._ask("POST", f"{self.tools.address()}/v4/{account}/locations:batchGetReviews", body=body)
            if answer.status_code in (400, 403, 404):
                return _Together(why=f"listed alone, as its account was refused ({self.refused(answer).what})")
            page = self.decoded(self.good(answer), _LocationReviews)
            heads = [(one.name, record_or_none(one.review, _Head)) for one in page.location_reviews]
            new = walk.add((f"{name} {head.review_id}", head.update_time) for name, head in heads if head)
            moments += [head.update_time for name, head in heads if head and f"{name} {head.review_id}" in new]
            # One location after the other, for example: what is new at the last might stand behind all that is old.
            in_order = all(later <= earlier for earlier, later in itertools.pairwise(moments))
            if not in_order or not found.reviews.keys() >= {one.name for one in page.location_reviews}:
                return _Together(why="listed alone, as the answer for its account was not what was asked for")
            for one in page.location_reviews:
                found.reviews[one.name].append(one)
            if not page.next_page_token or walk.has_reached(known):
                return found
            token = walk.turn(page.next_page_token)

    def _ask(
        self, method: str, url: str, *, params: list[tuple[str, str]] | None = None, body: bytes | None = None
    ) -> httpx.Response:
        """Ask with a bearer token, refreshed once if Google says it has expired."""
        for fresh in (False, True):
            headers = {"Authorization": f"Bearer {self.access(fresh=fresh)}"}
            answer = self.tools.client.request(method, url, where=self.where, params=params, headers=headers, body=body)
            if answer.status_code != 401:
                break
        return answer

    def access(self, *, fresh: bool) -> str:
        """Return an access token for the key, exchanged once a run, or anew if `fresh`. Raises BadKey if the refresh
        token is dead."""
        name = f"token {self.planned.key}"
        if fresh:
            self.tools.memory.pop(name, None)
        return self.tools.once(name, self._exchanged)

    def _exchanged(self) -> str:
        where = f"{SOURCE.name}: key '{self.planned.key or 'default'}'"
        form = {"grant_type": "refresh_token", **self.key()}
        answer = self.tools.client.request("POST", self.tools.address("token"), where=where, form=form)
        if answer.status_code in (400, 401, 403):
            raise BadKey(
                f"Google does not renew the key ({self.said(answer) or answer.status_code})",
                where=where,
                next_step="Authorise the account again and store the new refresh token; a project whose consent "
                "screen is in Testing loses it every 7 days",
            )
        token = record_or_none(msgspec.Raw(answer.content), _Token)
        if answer.status_code != 200 or not token:
            raise ChangedShape(f"Google's token endpoint answered {answer.status_code} without a token", where=where)
        return token.access_token

    def refused(self, answer: httpx.Response) -> RapportError:
        if "SERVICE_DISABLED" in self.said(answer):
            self.advice = self.advice._replace(
                allow="Enable the Business Profile API in the Google project, then run again"
            )
        return super().refused(answer)

    def said(self, answer: httpx.Response) -> str:
        """Return the error's machine-readable words: an OAuth error code, or a status and its reason."""
        told = (word(answer, "error"), word(answer, "error", "status"), word(answer, "error", "details", 0, "reason"))
        return ", ".join(said for said in told if said)
