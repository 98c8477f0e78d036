"""What a listings vendor hands over under the practice's contract: saved review webhooks and exports, as Yext has them.

This is the practical way to Healthgrades, Vitals, WebMD and Zocdoc, which have no API. A file may hold a review several
times: its latest event counts, and a REVIEW_DELETED removes it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from pipelines.answers import Id, decoded, each, reply_to, tried
from pipelines.errors import BadExport, RapportError
from pipelines.files import described, describes, waiting, whole
from pipelines.landing import Receipt, SavedPage
from pipelines.policies import Policy
from pipelines.practices import Feed, Practice, Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Listing, Outcome, Page, Planned, Source, Tools
from pipelines.talk import Place, public

SOURCE = Source(
    name="vendor_feed",
    title="Vendor's review feed",
    policy=Policy(
        terms_seen="not read",
        terms_elsewhere="they are in the practice's contract with its vendor",
        # Handed over once under the practice's own contract, like an owner's file: what expires cannot be read again.
        keep_text_days=30,
        keep_derived_days=760,
        author_key=True,
        classify=True,
    ),
    gives=("reviews", "replies", "removals"),
    told=(
        "reviews, owners' replies and deletions of Healthgrades, Vitals, WebMD, Zocdoc and others, as far as your "
        "vendor covers them",
        "what the vendor did not tell; the sites' own totals; Facebook's recommendations as stars",
        "saved review webhooks or exports (JSON, JSON lines, as Yext sends them) put into `exports/`, described in "
        "`practices.toml`",
    ),
    once=True,
)
_LINES = (".jsonl", ".ndjson")
_GONE = ("REMOVED", "QUARANTINED")
_EVENTS = ("REVIEW_CREATED", "REVIEW_UPDATED", "REVIEW_COMMENT_UPDATED", "REVIEW_DELETED")


class _Comment(msgspec.Struct, rename="camel"):
    id: Id
    publisher_date: int | None = None
    author_role: str | None = None
    content: str | None = None
    visibility: str | None = None


class _Review(msgspec.Struct, rename="camel"):
    """The author's e-mail address is in the contract and is not read."""

    id: Id
    entity_id: Id | None = None
    location_id: Id | None = None
    publisher_id: str | None = None
    rating: Decimal | None = None
    title: str | None = None
    content: str | None = None
    author_name: str | None = None
    url: str | None = None
    publisher_date: int | None = None
    last_yext_update_time: int | None = None
    status: str | None = None
    comments: list[_Comment] | None = None

    def __post_init__(self) -> None:
        if self.rating is not None and not 1 <= self.rating <= 5:
            raise ValueError("a rating that is not 1 to 5")


class _Meta(msgspec.Struct, rename="camel"):
    event_type: str | None = None
    timestamp: int | str | None = None


class _Event(msgspec.Struct):
    review: _Review
    meta: _Meta = msgspec.field(default_factory=_Meta)

    def __post_init__(self) -> None:
        if self.meta.event_type not in (None, *_EVENTS):
            raise ValueError("an event that is not about a review")
        if self.review.publisher_date is None and not self.is_gone:
            raise ValueError("a review without a date")
        for moment in (self.review.publisher_date, self.changed_at):
            # Milliseconds of the years 2000 to 2100; anything else is another unit.
            if moment is not None and not 946_684_800_000 <= moment <= 4_102_444_800_000:
                raise ValueError("a time that is not in milliseconds")

    @property
    def is_gone(self) -> bool:
        return self.meta.event_type == "REVIEW_DELETED" or self.review.status in _GONE

    @property
    def changed_at(self) -> int | None:
        said = self.meta.timestamp
        told = int(said) if isinstance(said, int) or (said and said.isascii() and said.isdigit()) else None
        return told or self.review.last_yext_update_time or self.review.publisher_date


def visits(practices: Practices, exports: Path) -> list[Planned]:
    """Return one visit a file that a feed describes."""
    return [
        Planned(label=label, about={"file": name})
        for name, label in waiting(exports)
        if describes(name, practices.feed)
    ]


def listing(receipt: Receipt, practices: Practices) -> Listing:
    """A feed tells what changed; what it does not mention still stands."""
    return Listing(complete=False, can_reply=True)


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """Keep the file as it is. Raises BadExport for a file that could not be one."""
    file = planned.about["file"]
    path, where = tools.exports / file, f"{SOURCE.name}: {file}"
    yield Page(
        body=whole(path, (".json", *_LINES), where=where, instead=".json or .jsonl"), suffix=path.suffix[1:].lower()
    )
    return Outcome(complete=False)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Look for the description of each file that is waiting; the files are not opened."""

    def ask(planned: Planned) -> str:
        _feed_of(planned.about["file"], practices)
        return " is described"

    return tried(visits(practices, tools.exports), lambda planned: planned.about["file"], ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the latest state of each review, and the owner's public answers. Raises ChangedShape or BadExport."""
    file = page.receipt.about.get("file", page.path)
    where = f"{SOURCE.name}: {file}"
    feed = _feed_of(file, practices)
    found: list[Record | SetAside] = []
    strangers: Counter[str] = Counter()
    latest: dict[str, tuple[int, int, _Event, Practice]] = {}
    for position, event in each(_raws(page.body, file, where), _Event, page, practice_id="", what="event"):
        if isinstance(event, SetAside):
            found.append(event)
            continue
        entity = str(event.review.entity_id or event.review.location_id or "")
        if entity in feed.ignore_entities or (event.review.publisher_id or "") in feed.ignore_publishers:
            continue
        practice = practices.named(entity) if entity else None
        if practice is None:
            strangers[entity or "(none)"] += 1
            continue
        at = (event.changed_at or 0, position)
        if str(event.review.id) not in latest or latest[str(event.review.id)][:2] < at:
            latest[str(event.review.id)] = (*at, event, practice)
    if strangers:
        named = ", ".join(f"'{name[:60]}' ({count} events)" for name, count in strangers.most_common(10))
        raise BadExport(
            f"unknown entities: {named}",
            where=where,
            next_step="Add each as an alias of a practice in practices.toml, or to ignore_entities of this feed",
            evidence=page.path,
        )
    yield from found
    for _, position, event, practice in latest.values():
        yield from _records(event, practice, feed, page.path, position)


def _raws(body: bytes, file: str, where: str) -> list[msgspec.Raw]:
    """Return the events of a file: one body, a list of them, one a line, or a list of reviews from the vendor's API."""
    if file.lower().endswith(_LINES):
        return [msgspec.Raw(line) for line in body.splitlines() if line.strip()]
    if body.lstrip().startswith(b"["):
        return decoded(body, list[msgspec.Raw], source=SOURCE.name, where=where)
    held = decoded(body, dict[str, msgspec.Raw], source=SOURCE.name, where=where)
    if "response" in held:
        held = decoded(bytes(held["response"]), dict[str, msgspec.Raw], source=SOURCE.name, where=where)
    if "reviews" in held:
        reviews = decoded(bytes(held["reviews"]), list[msgspec.Raw], source=SOURCE.name, where=where)
        return [msgspec.Raw(b'{"review":' + bytes(review) + b"}") for review in reviews]
    return [msgspec.Raw(body)]


def _records(event: _Event, practice: Practice, feed: Feed, page: str, position: int) -> Iterator[Record]:
    review = event.review
    publisher = review.publisher_id or "unknown"
    place: Place = {
        "source": SOURCE.name,
        "site": feed.sites.get(publisher) or re.sub(r"[^a-z0-9]+", "_", publisher.lower()).strip("_") or "unknown",
        "practice_id": practice.id,
        "page": page,
        "position": position,
    }
    yield Record(
        kind="review",
        item_id=str(review.id),
        author_id=None if event.is_gone else review.author_name or None,
        author_name=None if event.is_gone else review.author_name or None,
        created_at=_utc(review.publisher_date),
        updated_at=_utc(event.changed_at),
        rating=review.rating,
        title=None if event.is_gone else review.title or None,
        text=None if event.is_gone else review.content or None,
        state="removed" if event.is_gone else None,
        url=public(review.url),
        **place,
    )
    for comment in () if event.is_gone else review.comments or ():
        if comment.author_role == "BUSINESS_OWNER" and comment.visibility != "PRIVATE":
            said = _utc(comment.publisher_date)
            yield reply_to(str(review.id), place, name=f"comment/{comment.id}", text=comment.content, created_at=said)


def _utc(milliseconds: int | None) -> dt.datetime | None:
    return None if milliseconds is None else dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def _feed_of(file: str, practices: Practices) -> Feed:
    return described(file, practices.feed, name="feed", where=f"{SOURCE.name}: {file}")
