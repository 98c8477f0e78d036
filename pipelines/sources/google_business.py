"""Google Business Profile: reviews and the owner's replies by the v4 API, and daily numbers by the Performance API.

Google says nothing of deletions: a review that is gone is only missing from a complete listing. So most nights
read from the newest change back to what is known, with an overlap, and a weekly sweep reads everything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec

from pipelines.answers import Count, Id, Walk, decoded, each, record_or_none, refusal, tried_keys, word
from pipelines.errors import BadKey, ChangedShape, RapportError
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Metric, Outcome, Page, Planned, Source, Tools

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
    return [
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.google_business.key,
            about={"practice_id": practice.id, "location": practice.google_business.location},
        )
        for practice in practices.practice
        if practice.google_business
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """List reviews, newest change first, to the end (sweep) or to the watermark less the overlap; then ask for numbers.

    A key that may not read the numbers does not cost the reviews: the outcome then says why they are missing. Raises
    SiteDown, BadKey, UnknownName (the location is gone) or ChangedShape.
    """
    where = f"{SOURCE.name}: {planned.label}"
    known = planned.since - OVERLAP if planned.since and not planned.sweep else None
    asked = {"pageSize": str(PAGE_SIZE), "orderBy": "updateTime desc"}
    walk, total, token = Walk(where, newest=planned.since), None, ""
    while True:
        url = f"{tools.address()}/v4/{planned.about['location']}/reviews"
        answer = _get(url, [*asked.items(), *([("pageToken", token)] if token else [])], planned, tools)
        if answer.status_code != 200:
            raise _refused(answer, where)
        yield Page(body=answer.content)
        found = _listing(answer.content, where)
        heads = [head for raw in found.reviews if (head := record_or_none(raw, _Head))]
        walk.add((head.review_id, head.update_time) for head in heads)
        total = found.total_review_count if total is None else total
        if not found.next_page_token or walk.has_reached(known):
            break
        token = walk.turn(found.next_page_token)
    answer = _get(_performance_url(planned, tools), _performance_params(planned), planned, tools)
    why = ""
    if answer.status_code == 200:
        yield Page(body=answer.content, suffix=_PERFORMANCE)
    elif answer.status_code in (403, 404):
        why = f"no numbers of calls, clicks and views ({_refused(answer, where).what}): docs/sources/{SOURCE.name}.md"
    else:
        raise _refused(answer, where)
    if found.next_page_token:
        return Outcome(complete=False, newest=walk.newest, why=why)
    # Google has lost reviews between pages before: a short listing is not complete, so nothing is called deleted
    # because of it.
    expected = len(walk.ids) if total is None else total
    return Outcome(complete=len(walk.ids) >= expected, expected=expected, newest=walk.newest, why=why)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Exchange each key once; nothing is read."""

    def ask(planned: Planned) -> str:
        _access_token(planned.key, tools, fresh=True)
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's reviews, their replies and Google's own total, or its daily numbers. Raises ChangedShape."""
    practice_id = page.receipt.about.get("practice_id", page.receipt.label)
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    place: dict[str, Any] = {
        "source": SOURCE.name,
        "site": SOURCE.site,
        "practice_id": practice_id,
        "page": page.path,
    }
    if f".{_PERFORMANCE}" in page.path:
        groups = decoded(page.body, _Performance, source=SOURCE.name, where=where).multi_daily_metric_time_series
        raws = [raw for group in groups for raw in group.daily_metric_time_series]
        for position, series in each(raws, _Series, page, practice_id=practice_id, what="metric"):
            if isinstance(series, SetAside):
                yield series
            else:
                yield from _days(series, {**place, "position": position})
        return
    found = _listing(page.body, where)
    for position, review in each(found.reviews, _Review, page, practice_id=practice_id):
        if isinstance(review, SetAside):
            yield review
        else:
            yield from _records(review, {**place, "position": position})
    if found.total_review_count is not None or not found.reviews:
        yield Record(
            kind="total",
            item_id="total",
            position=0,
            total_count=found.total_review_count or 0,
            total_average=found.average_rating,
            **place,
        )


def _days(series: _Series, place: dict[str, Any]) -> Iterator[Record]:
    """Yield a number's days. A day without a value may be zero or not counted yet, so it stays without one."""
    for dated in series.time_series.dated_values:
        day = dt.date(dated.date.year, dated.date.month, dated.date.day)
        yield Record(
            kind="metric",
            item_id=f"{series.daily_metric}/{day}",
            metric=series.daily_metric,
            day=day,
            value=None if dated.value is None else int(dated.value),
            **place,
        )


def _records(review: _Review, place: dict[str, Any]) -> Iterator[Record]:
    reviewer = review.reviewer or _Reviewer()
    stars = _STARS[review.star_rating]
    yield Record(
        kind="review",
        item_id=str(review.review_id),
        # Google gives no author id; a display name tells returning authors apart only within a practice.
        author_id=None if reviewer.is_anonymous else reviewer.display_name,
        author_name=reviewer.display_name,
        created_at=review.create_time.astimezone(dt.UTC),
        updated_at=review.update_time.astimezone(dt.UTC),
        rating=None if stars is None else Decimal(stars),
        text=review.comment,
        url=review.review_reply_url,
        **place,
    )
    if review.review_reply:
        state = review.review_reply.review_reply_state
        yield Record(
            kind="reply",
            item_id=f"{review.review_id}/reply",
            parent_id=str(review.review_id),
            updated_at=review.review_reply.update_time.astimezone(dt.UTC),
            text=review.review_reply.comment,
            state=_REPLY_STATES.get(state, state.lower()) if state else None,
            **place,
        )


def _listing(body: bytes, where: str) -> _Listing:
    fields = decoded(body, dict[str, msgspec.Raw], source=SOURCE.name, where=where).keys()
    # `{}` is how Google says "none"; anything else without reviews is an answer to another question.
    strange = fields - {"totalReviewCount", "averageRating", "nextPageToken"}
    if "reviews" not in fields and strange:
        raise ChangedShape(
            f"the page has no reviews but {', '.join(sorted(strange))[:80]}",
            where=where,
            next_step=f"Compare the kept page with pipelines/sources/{SOURCE.name}.py",
        )
    return decoded(body, _Listing, source=SOURCE.name, where=where)


def _performance_url(planned: Planned, tools: Tools) -> str:
    location = planned.about["location"].partition("/locations/")[2]
    return f"{tools.address('performance')}/v1/locations/{location}:fetchMultiDailyMetricsTimeSeries"


def _performance_params(planned: Planned) -> list[tuple[str, str]]:
    first = planned.night - dt.timedelta(days=SWEEP_DAYS if planned.sweep else LATE_DAYS)
    ends = {"startDate": first, "endDate": planned.night - dt.timedelta(days=1)}
    parts = ("year", "month", "day")
    return [("dailyMetrics", name) for name in ASKED] + [
        (f"dailyRange.{end}.{part}", str(getattr(day, part))) for end, day in ends.items() for part in parts
    ]


def _get(url: str, params: list[tuple[str, str]], planned: Planned, tools: Tools) -> httpx.Response:
    """GET with a bearer token, refreshed once if Google says it has expired."""
    where = f"{SOURCE.name}: {planned.label}"
    for fresh in (False, True):
        access = _access_token(planned.key, tools, fresh=fresh)
        answer = tools.client.request(
            "GET", url, where=where, params=params, headers={"Authorization": f"Bearer {access}"}
        )
        if answer.status_code != 401:
            break
    return answer


def _refused(answer: httpx.Response, where: str) -> RapportError:
    said = _said(answer)
    return refusal(
        answer,
        title="Google",
        where=where,
        said=said,
        renew="Authorise the account again",
        allow="Enable the Business Profile API in the Google project, then run again"
        if "SERVICE_DISABLED" in said
        else "Make the account a manager of the profile, and enable the Business Profile API for the project",
        correct="Correct google_business.location in practices.toml, or take it out if the profile is closed",
    )


def _access_token(key_name: str, tools: Tools, *, fresh: bool) -> str:
    """Return an access token for a key, exchanged once a run. Raises BadKey if the refresh token is dead."""
    held = tools.memory.get(key_name)
    if held and not fresh:
        return held
    key = load_key(SOURCE.name, key_name, SOURCE.key_fields)
    where = f"{SOURCE.name}: key '{key_name or 'default'}'"
    form = {"grant_type": "refresh_token", **key}
    answer = tools.client.request("POST", tools.address("token"), where=where, form=form)
    if answer.status_code in (400, 401, 403):
        raise BadKey(
            f"Google does not renew the key ({_said(answer) or answer.status_code})",
            where=where,
            next_step="Authorise the account again and store the new refresh token; a project whose consent screen "
            "is in Testing loses it every 7 days",
        )
    token = record_or_none(msgspec.Raw(answer.content), _Token)
    if answer.status_code != 200 or not token:
        raise ChangedShape(f"Google's token endpoint answered {answer.status_code} without a token", where=where)
    tools.memory[key_name] = token.access_token
    return token.access_token


def _said(answer: httpx.Response) -> str:
    """Return the error's machine-readable words: an OAuth error code, or a status and its reason."""
    told = (word(answer, "error"), word(answer, "error", "status"), word(answer, "error", "details", 0, "reason"))
    return ", ".join(said for said in told if said)
