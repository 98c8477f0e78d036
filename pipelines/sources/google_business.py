"""Google Business Profile: reviews and the owner's replies, by the v4 API.

Google says nothing of deletions: a review that is gone is only missing from a complete listing. So most nights
read from the newest change back to what is known, with an overlap, and a weekly sweep reads everything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec

from pipelines.errors import BadKey, ChangedShape, RapportError, UnknownName
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Outcome, Page, Planned, Source, Tools

SOURCE = Source(
    name="google_business",
    title="Google Business Profile",
    policy=Policy(
        terms_url="https://developers.google.com/my-business/content/policies",
        terms_read_on=dt.date(2026, 11, 22),
        keep_text_days=30,
        # The terms speak against aggregating stored content; longer than 30 days is the operator's decision.
        keep_derived_days=30,
        classify=True,
    ),
    gives=("reviews", "replies", "totals"),
    told=(
        "reviews, ratings without words, the owner's replies and their state, Google's own total",
        "who deleted a review or why; replies other than the owner's",
        "owner-authorised API, nightly, with a complete weekly sweep",
    ),
    site="google",
    addresses={"api": "https://mybusiness.googleapis.com", "token": "https://oauth2.googleapis.com/token"},
    per_minute=300,
    # Lists of 50; Google counts requests a minute, not a day.
    cost=Cost(calls=2, sweep_calls=6),
    key_fields=("client_id", "client_secret", "refresh_token"),
)
PAGE_SIZE = 50
OVERLAP = dt.timedelta(hours=48)
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
    review_id: str
    star_rating: Literal["ONE", "TWO", "THREE", "FOUR", "FIVE", "STAR_RATING_UNSPECIFIED"]
    create_time: dt.datetime
    update_time: dt.datetime
    reviewer: _Reviewer | None = None
    comment: str | None = None
    review_reply: _Reply | None = None
    review_reply_url: str | None = None


class _Listing(msgspec.Struct, rename="camel"):
    """One page. Records stay raw here, so that a bad one does not take its neighbours with it."""

    reviews: list[msgspec.Raw] = []
    average_rating: Decimal | None = None
    total_review_count: int | None = None
    next_page_token: str = ""


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
    """List reviews, newest change first, to the end (sweep) or to the watermark less the overlap.

    Raises SiteDown, BadKey, UnknownName (the location is gone) or ChangedShape.
    """
    url = f"{tools.address()}/v4/{planned.about['location']}/reviews"
    where = f"{SOURCE.name}: {planned.label}"
    token, seen_tokens = "", set[str]()
    ids, newest, total = set[str](), planned.since, None
    while True:
        params = {"pageSize": str(PAGE_SIZE), "orderBy": "updateTime desc"} | ({"pageToken": token} if token else {})
        answer = _get(url, params, planned, tools)
        yield Page(body=answer.content)
        found = _listing(answer.content, where)
        heads = [head for raw in found.reviews if (head := _head(raw))]
        ids |= {head.review_id for head in heads}
        changed = [head.update_time for head in heads]
        newest = max([*changed, *([newest] if newest else [])], default=None)
        total = found.total_review_count if total is None else total
        token = found.next_page_token
        if not token:
            # Google has lost reviews between pages before: a short listing is not complete, so nothing is
            # called deleted because of it.
            expected = len(ids) if total is None else total
            return Outcome(complete=len(ids) >= expected, expected=expected, newest=newest)
        if token in seen_tokens:
            raise ChangedShape("a page token came twice, so the list would never end", where=where)
        seen_tokens.add(token)
        known = planned.since - OVERLAP if planned.since and not planned.sweep else None
        if known and changed and min(changed) < known:
            return Outcome(complete=False, newest=newest)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Exchange each key once; nothing is read."""
    found: list[tuple[str, RapportError | None]] = []
    for key in sorted({p.google_business.key for p in practices.practice if p.google_business}):
        what = f"key '{key or 'default'}'"
        try:
            _access_token(key, tools, fresh=True)
        except RapportError as error:
            found.append((what, error))
        else:
            found.append((f"{what} works", None))
    return found


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's reviews, their replies, and Google's own total. Raises ChangedShape."""
    practice_id = page.receipt.about.get("practice_id", page.receipt.label)
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    found = _listing(page.body, where)
    bad = 0
    for position, raw in enumerate(found.reviews, 1):
        try:
            review = msgspec.json.decode(raw, type=_Review)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            bad += 1
            yield SetAside(page=page.path, where=f"review {position}", reason=_safe(error), practice_id=practice_id)
            continue
        yield from _records(review, practice_id, page.path, position)
    if bad >= 3 and bad * 2 > len(found.reviews):
        raise ChangedShape(
            f"{bad} of {len(found.reviews)} reviews on one page could not be read",
            where=where,
            next_step=f"Google's answer has probably changed: correct pipelines/sources/{SOURCE.name}.py and run "
            f"`rapport read {SOURCE.name} {page.receipt.night}` again",
            evidence=page.path,
        )
    if found.total_review_count is not None or not found.reviews:
        yield Record(
            kind="total",
            source=SOURCE.name,
            site="google",
            practice_id=practice_id,
            item_id="total",
            page=page.path,
            position=0,
            total_count=found.total_review_count or 0,
            total_average=found.average_rating,
        )


def _records(review: _Review, practice_id: str, page: str, position: int) -> Iterator[Record]:
    reviewer = review.reviewer or _Reviewer()
    place: dict[str, Any] = {
        "source": SOURCE.name,
        "site": "google",
        "practice_id": practice_id,
        "page": page,
        "position": position,
    }
    stars = _STARS[review.star_rating]
    yield Record(
        kind="review",
        item_id=review.review_id,
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
            parent_id=review.review_id,
            updated_at=review.review_reply.update_time.astimezone(dt.UTC),
            text=review.review_reply.comment,
            state=_REPLY_STATES.get(state, state.lower()) if state else None,
            **place,
        )


class _Head(msgspec.Struct, rename="camel"):
    review_id: str
    update_time: dt.datetime


def _head(raw: msgspec.Raw) -> _Head | None:
    """Return what paging needs of a record, or None if even that is no good; read() will set it aside."""
    try:
        return msgspec.json.decode(raw, type=_Head)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None


def _listing(body: bytes, where: str) -> _Listing:
    next_step = f"Compare the kept page with pipelines/sources/{SOURCE.name}.py"
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).keys()
        found = msgspec.json.decode(body, type=_Listing)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ChangedShape(
            f"the page is not a list of reviews ({_safe(error)})", where=where, next_step=next_step
        ) from None
    # `{}` is how Google says "none"; anything else without reviews is an answer to another question.
    strange = fields - {"totalReviewCount", "averageRating", "nextPageToken"}
    if "reviews" not in fields and strange:
        raise ChangedShape(
            f"the page has no reviews but {', '.join(sorted(strange))[:80]}", where=where, next_step=next_step
        )
    return found


def _safe(error: Exception) -> str:
    """Return msgspec's message without the values it may quote."""
    said = str(error).split(" - at `")
    place = said[1].rstrip("`") if len(said) > 1 else "$"
    reason = said[0] if "Invalid enum value" not in said[0] else "a value that is not in the contract"
    return f"{reason} at {place}"[:200]


def _get(url: str, params: dict[str, str], planned: Planned, tools: Tools) -> httpx.Response:
    """GET with a bearer token, refreshed once if Google says it has expired."""
    where = f"{SOURCE.name}: {planned.label}"
    for fresh in (False, True):
        access = _access_token(planned.key, tools, fresh=fresh)
        answer = tools.client.request(
            "GET", url, where=where, params=params, headers={"Authorization": f"Bearer {access}"}
        )
        if answer.status_code != 401:
            break
    if answer.status_code == 200:
        return answer
    said = _said(answer)
    if answer.status_code == 401:
        raise BadKey(f"Google refuses the key ({said})", where=where, next_step="Authorise the account again")
    if answer.status_code == 403:
        raise BadKey(
            f"the key may not read this profile ({said})",
            where=where,
            next_step="Make the account a manager of the profile, and enable the Business Profile API for the project"
            if "SERVICE_DISABLED" not in said
            else "Enable the Business Profile API in the Google project, then run again",
        )
    if answer.status_code == 404:
        raise UnknownName(
            f"Google has no profile {planned.about['location']}",
            where=where,
            next_step="Correct google_business.location in practices.toml, or take it out if the profile is closed",
        )
    raise ChangedShape(f"Google answered {answer.status_code} ({said})", where=where)


def _access_token(key_name: str, tools: Tools, *, fresh: bool) -> str:
    """Return an access token for a key, exchanged once a run. Raises BadKey if the refresh token is dead."""
    held = tools.memory.get(key_name)
    if held and not fresh:
        return held
    key = load_key(SOURCE.name, key_name, SOURCE.key_fields)
    where = f"{SOURCE.name}: key '{key_name or 'default'}'"
    answer = tools.client.request(
        "POST",
        tools.address("token"),
        where=where,
        form={"grant_type": "refresh_token", **key},
    )
    if answer.status_code in (400, 401, 403):
        raise BadKey(
            f"Google does not renew the key ({_said(answer)})",
            where=where,
            next_step="Authorise the account again and store the new refresh token; a project whose consent screen "
            "is in Testing loses it every 7 days",
        )
    try:
        token = msgspec.json.decode(answer.content, type=dict[str, Any]).get("access_token")
    except (msgspec.ValidationError, msgspec.DecodeError):
        token = None
    if answer.status_code != 200 or not isinstance(token, str) or not token:
        raise ChangedShape(f"Google's token endpoint answered {answer.status_code} without a token", where=where)
    tools.memory[key_name] = token
    return token


def _said(answer: httpx.Response) -> str:
    """Return the error's machine-readable words only: status, reason, or OAuth error code."""
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.ValidationError, msgspec.DecodeError):
        return f"status {answer.status_code}"
    error = body.get("error")
    if isinstance(error, str):
        return error[:60]
    if not isinstance(error, dict):
        return f"status {answer.status_code}"
    details = error.get("details")
    reasons = [d.get("reason") for d in details if isinstance(d, dict)] if isinstance(details, list) else []
    words = [str(word)[:60] for word in (error.get("status"), *reasons) if word]
    return ", ".join(words) or f"status {answer.status_code}"
