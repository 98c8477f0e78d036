"""NHS.uk: comments on an organisation and its responses, by the ratings and reviews API with a subscription key.

NHS.uk says what it has removed, in a list of its own; a comment in it becomes a removal without words or name. The
times carry no zone and are read as London's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from pipelines.answers import Id, Walk, decoded, each, record_or_none, refusal, tried_keys
from pipelines.errors import RapportError
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.settings import load_key
from pipelines.sources import Cost, Listing, Outcome, Page, Planned, Source, Tools

SOURCE = Source(
    name="nhs_uk",
    title="NHS.uk ratings and reviews",
    policy=Policy(
        terms_url="https://developer.api.nhs.uk/about/terms",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        # The summary of the licence recommends caching and wants it refreshed; the copy breaks off before it says how
        # often reviews are. Text goes at once, and features when four sweeps have listed them anew.
        keep_text_days=1,
        keep_derived_days=30,
        # The wording for where their logo and a link cannot stand.
        attribution="From www.nhs.uk",
        classify=True,
    ),
    gives=("reviews", "replies", "removals"),
    told=(
        "comments, star ratings, the practice's response, and what NHS.uk says it removed",
        "NHS.uk's own total; ratings of questions other than the overall one",
        "subscription key, nightly, with a complete weekly sweep",
    ),
    site="nhs_uk",
    addresses={"api": "https://api.nhs.uk/comments"},
    per_minute=60,
    # Two lists, each to its empty page.
    cost=Cost(calls=4, sweep_calls=6),
    key_fields=("api_key",),
)
PAGE_SIZE = 100
OVERLAP = dt.timedelta(days=30)
_LONDON = ZoneInfo("Europe/London")


class _Rating(msgspec.Struct):
    """One answer to one question; seen as a number and as a string. 0 stands for no answer."""

    question: str
    rating: int | str | None = None

    def __post_init__(self) -> None:
        if self.rating not in (None, "", 0, *range(1, 6), *"012345"):
            raise ValueError("a rating that is not 1 to 5")

    @property
    def stars(self) -> Decimal | None:
        return Decimal(self.rating) if self.rating and self.rating != "0" else None


class _Response(msgspec.Struct, rename="camel"):
    date_submitted: dt.datetime
    comment_text: str | None = None
    last_updated: dt.datetime | None = None


class _Comment(msgspec.Struct, rename="camel"):
    comment_id: Id
    date_submitted: dt.datetime
    last_updated: dt.datetime | None = None
    title: str | None = None
    comment_text: str | None = None
    screen_name: str | None = None
    status: str | None = None
    ratings: list[_Rating] | None = None
    comment_original_url: str | None = msgspec.field(default=None, name="commentOriginalURL")
    response: _Response | None = None


class _Item(msgspec.Struct):
    comment: _Comment
    response: _Response | None = None


class _HeadComment(msgspec.Struct, rename="camel"):
    comment_id: Id
    date_submitted: dt.datetime


class _Head(msgspec.Struct):
    comment: _HeadComment


class _Comments(msgspec.Struct):
    comments: list[msgspec.Raw]


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return [
        Planned(
            label=practice.id,
            practice_id=practice.id,
            key=practice.nhs_uk.key,
            about={"practice_id": practice.id, "ods_code": practice.nhs_uk.ods_code},
        )
        for practice in practices.practice
        if practice.nhs_uk
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    return Listing(complete=receipt.complete, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """List what is published, then what was removed: all of it (sweep) or from the watermark less the overlap.

    A page may be shorter than was asked for, so only an empty one ends a list. Raises SiteDown, BadKey, UnknownName
    or ChangedShape.
    """
    where = f"{SOURCE.name}: {planned.label}"
    since = {} if planned.sweep or not planned.since else {"fromDate": f"{(planned.since - OVERLAP).date()}"}
    newest, published = planned.since, 0
    for status in ("published", "removed"):
        walk, offset = Walk(where, what="comment", newest=newest), 0
        while True:
            params = {"status": status, "limit": str(PAGE_SIZE), "offset": str(offset), **since}
            body = _get(params, planned, tools)
            yield Page(body=body)
            raws = decoded(body, _Comments, source=SOURCE.name, where=where).comments
            if not raws:
                break
            heads = [head.comment for raw in raws if (head := record_or_none(raw, _Head))]
            walk.add((head.comment_id, _utc(head.date_submitted)) for head in heads)
            offset += len(raws)
        newest = walk.newest
        published += len(walk.ids) if status == "published" else 0
    return Outcome(complete=not since, expected=None if since else published, newest=newest)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask for one comment with each key."""

    def ask(planned: Planned) -> str:
        _get({"status": "published", "limit": "1", "offset": "0"}, planned, tools)
        return ""

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's comments and responses; of a removed one only that it is gone. Raises ChangedShape."""
    practice_id = page.receipt.about.get("practice_id", page.receipt.label)
    where = f"{SOURCE.name}: {practice_id}, {page.path}"
    raws = decoded(page.body, _Comments, source=SOURCE.name, where=where).comments
    for position, item in each(raws, _Item, page, practice_id=practice_id, what="comment"):
        if isinstance(item, SetAside):
            yield item
            continue
        yield from _records(
            item.comment,
            item.response or item.comment.response,
            {
                "source": SOURCE.name,
                "site": SOURCE.site,
                "practice_id": practice_id,
                "page": page.path,
                "position": position,
            },
        )


def _records(comment: _Comment, response: _Response | None, place: dict[str, Any]) -> Iterator[Record]:
    removed = comment.status == "removed"
    # Many were written without a name.
    author = comment.screen_name if (comment.screen_name or "").casefold() != "anonymous" and not removed else None
    url = comment.comment_original_url or ""
    yield Record(
        kind="review",
        item_id=str(comment.comment_id),
        author_id=author or None,
        author_name=author or None,
        created_at=_utc(comment.date_submitted),
        updated_at=_utc(comment.last_updated or comment.date_submitted),
        rating=_overall(comment.ratings or []),
        title=None if removed else comment.title or None,
        text=None if removed else comment.comment_text or None,
        state=None if comment.status in (None, "published") else comment.status,
        url=url if url.startswith("https://") else None,
        **place,
    )
    if response and not removed:
        yield Record(
            kind="reply",
            item_id=f"{comment.comment_id}/reply",
            parent_id=str(comment.comment_id),
            created_at=_utc(response.date_submitted),
            updated_at=_utc(response.last_updated or response.date_submitted),
            text=response.comment_text or None,
            **place,
        )


def _overall(ratings: list[_Rating]) -> Decimal | None:
    """Return the answer about the whole: to the only question, or to the one about recommending or overall."""
    whole = [r for r in ratings if any(word in r.question.casefold() for word in ("recommend", "overall"))]
    chosen = ratings if len(ratings) == 1 else whole
    return chosen[0].stars if chosen else None


def _utc(moment: dt.datetime) -> dt.datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=_LONDON)).astimezone(dt.UTC)


def _get(params: dict[str, str], planned: Planned, tools: Tools) -> bytes:
    where = f"{SOURCE.name}: {planned.label}"
    key = load_key(SOURCE.name, planned.key, SOURCE.key_fields)["api_key"]
    answer = tools.client.request(
        "GET",
        f"{tools.address()}/Comments",
        where=where,
        params={"odsCode": planned.about["ods_code"], "api-version": "1.0", **params},
        headers={tools.settings.nhs_uk_key_header: key},
    )
    if answer.status_code == 200:
        return answer.content
    raise refusal(
        answer,
        title="NHS.uk",
        where=where,
        said="",
        renew="Copy the subscription key from the NHS API portal again; keys of the old portal stop working when it "
        "moves: docs/operators.md",
        allow="Subscribe the key to the ratings and reviews product in the NHS API portal",
        correct="Correct nhs_uk.ods_code in practices.toml; if no practice can be read, the API has moved: set "
        "RAPPORT_ADDRESSES",
    )
