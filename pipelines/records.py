"""The common shapes all sources read into (`Record`), and what scoring makes of them (`Feature`).

Records hold text and authors and expire; features hold neither and feed the warehouse. Times are UTC;
`created_local` is the wall clock in the practice's time zone, so that SQL never needs a time zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

Kind = Literal["review", "reply", "total", "post", "comment", "share", "metric", "search", "naming"]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing as one page gave it, in one of these kinds.

    review, reply   on a review site: what somebody wrote of a practice, and the practice's answer (`parent_id`)
    post            what opens a conversation: a practice's own post, or somebody's that names the practice
    comment         what is said below a post: `thread_id` is the post, `parent_id` what it answers
    share           somebody passed a post on (`parent_id`), where the platform says who
    metric          a number the platform counts: `metric` by its own name, of a post (`parent_id`) or of the account
    total           the platform's own total of reviews, to compare with what we hold
    search          a night's search for one of the names that are compared (`item_id`): how it went (`state`), and the
                    first day it reaches back to (`day`)
    naming          a post (`parent_id`) that such a search found names one of them (`matched`), and nothing else of it
    """

    kind: Kind
    source: str
    site: str
    practice_id: str
    item_id: str
    page: str
    position: int
    parent_id: str | None = None
    author_id: str | None = None
    author_name: str | None = None
    # How many reviews that account has written there, where the platform tells.
    author_reviews: int | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    rating: Decimal | None = None
    rating_min: int = 1
    rating_max: int = 5
    title: str | None = None
    text: str | None = None
    # How many pictures a post holds, and how many of them are described for who does not see them; where that is told.
    pictures: int | None = None
    pictures_described: int | None = None
    state: str | None = None
    url: str | None = None
    total_count: int | None = None
    total_average: Decimal | None = None
    thread_id: str | None = None
    # Written by the practice's own account there.
    by_practice: bool = False
    by_organisation: bool = False
    # The community, forum or blog it stands in, where that is not the practice's own page.
    place: str | None = None
    # How somebody else's post was found to mean this practice: link, handle or name.
    matched: str | None = None
    # Accounts it names, in the same form as `author_id`; "practice" for the practice's own.
    mentions: tuple[str, ...] = ()
    metric: str | None = None
    # None where the platform says nothing; missing is never zero.
    value: int | None = None
    day: dt.date | None = None


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """One record that could not be read. `where` is a line or position; `reason` never quotes a text."""

    page: str
    where: str
    reason: str
    practice_id: str = ""


class Topic(msgspec.Struct, frozen=True):
    """One topic of one sentence, numbered from 1; `polarity` is positive, negative or unsure."""

    topic: str
    polarity: str
    sentence: int


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a record for the warehouse: no text, no names. `text_key` tells equal texts, not the text."""

    kind: Kind
    source: str
    site: str
    night: dt.date
    practice_id: str
    item_id: str
    parent_id: str | None
    author_key: str | None
    created_at: dt.datetime | None
    created_local: dt.datetime | None
    updated_at: dt.datetime | None
    stars: int | None
    has_text: bool
    words: int | None
    emoji_only: bool | None
    language: str | None
    language_sure: bool | None
    text_key: str | None
    state: str | None
    url: str | None
    total_count: int | None
    total_average: Decimal | None
    thread_id: str | None = None
    # "practice", "team" (its people's own accounts), "organisation" or "outside".
    voice: str = "outside"
    place: str | None = None
    matched: str | None = None
    mention_keys: list[str] = []
    metric: str | None = None
    value: int | None = None
    day: dt.date | None = None
    sentiment: str | None = None
    contradicts_stars: bool | None = None
    topics: list[Topic] = []
    alerts: list[str] = []
    content_type: str | None = None
    acts: list[str] = []
    disclosure: str | None = None
    disclosure_classes: list[str] = []
    disclosure_severity: str | None = None
    generic: bool | None = None
    reading_grade: float | None = None
    clinical_claim: bool | None = None
    page: str
    position: int
    model_id: str


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """What one night brought of one practice from one site: expected, fetched, missing, and why."""

    source: str
    site: str
    night: dt.date
    label: str
    practice_id: str
    status: Literal["ok", "failed", "skipped"]
    complete: bool
    can_reply: bool
    expected: int | None
    fetched: int
    set_aside: int
    why: str | None


_INSTANT = pa.timestamp("us", tz="UTC")
_RATING = pa.decimal128(9, 4)
_TOPIC = pa.struct([("topic", pa.string()), ("polarity", pa.string()), ("sentence", pa.int16())])
RECORDS = pa.schema(
    [
        *[(name, pa.string()) for name in ("kind", "source", "site")],
        ("night", pa.date32()),
        *[(name, pa.string()) for name in ("practice_id", "item_id", "parent_id", "author_id", "author_name")],
        ("author_reviews", pa.int64()),
        ("created_at", _INSTANT),
        ("updated_at", _INSTANT),
        ("rating", _RATING),
        ("rating_min", pa.int32()),
        ("rating_max", pa.int32()),
        *[(name, pa.string()) for name in ("title", "text")],
        ("pictures", pa.int16()),
        ("pictures_described", pa.int16()),
        *[(name, pa.string()) for name in ("state", "url")],
        ("total_count", pa.int64()),
        ("total_average", _RATING),
        ("thread_id", pa.string()),
        ("by_practice", pa.bool_()),
        ("by_organisation", pa.bool_()),
        ("place", pa.string()),
        ("matched", pa.string()),
        ("mentions", pa.list_(pa.string())),
        ("metric", pa.string()),
        ("value", pa.int64()),
        ("day", pa.date32()),
        ("page", pa.string()),
        ("position", pa.int32()),
    ]
)
FEATURES = pa.schema(
    [
        *[(name, pa.string()) for name in ("kind", "source", "site")],
        ("night", pa.date32()),
        *[(name, pa.string()) for name in ("practice_id", "item_id", "parent_id", "author_key")],
        ("created_at", _INSTANT),
        ("created_local", pa.timestamp("us")),
        ("updated_at", _INSTANT),
        ("stars", pa.int8()),
        ("has_text", pa.bool_()),
        ("words", pa.int32()),
        ("emoji_only", pa.bool_()),
        ("language", pa.string()),
        ("language_sure", pa.bool_()),
        *[(name, pa.string()) for name in ("text_key", "state", "url")],
        ("total_count", pa.int64()),
        ("total_average", _RATING),
        *[(name, pa.string()) for name in ("thread_id", "voice", "place", "matched")],
        ("mention_keys", pa.list_(pa.string())),
        ("metric", pa.string()),
        ("value", pa.int64()),
        ("day", pa.date32()),
        ("sentiment", pa.string()),
        ("contradicts_stars", pa.bool_()),
        ("topics", pa.list_(_TOPIC)),
        ("alerts", pa.list_(pa.string())),
        ("content_type", pa.string()),
        ("acts", pa.list_(pa.string())),
        ("disclosure", pa.string()),
        ("disclosure_classes", pa.list_(pa.string())),
        ("disclosure_severity", pa.string()),
        ("generic", pa.bool_()),
        ("reading_grade", pa.float32()),
        ("clinical_claim", pa.bool_()),
        ("page", pa.string()),
        ("position", pa.int32()),
        ("model_id", pa.string()),
    ]
)
# What nights read alike: a row of features with the last of the nights that read it so, and with all of them, in their
# order, beside the page and the place where each found it.
READINGS = pa.schema(
    [
        *FEATURES,
        ("nights", pa.list_(pa.date32())),
        ("pages", pa.list_(pa.string())),
        ("positions", pa.list_(pa.int32())),
    ]
)
COMPLETENESS = pa.schema(
    [
        ("source", pa.string()),
        ("site", pa.string()),
        ("night", pa.date32()),
        *[(name, pa.string()) for name in ("label", "practice_id", "status")],
        ("complete", pa.bool_()),
        ("can_reply", pa.bool_()),
        ("expected", pa.int64()),
        ("fetched", pa.int64()),
        ("set_aside", pa.int64()),
        ("why", pa.string()),
    ]
)


def stars_of(rating: Decimal | None, lowest: int, highest: int) -> int | None:
    """Return 1..5 for a rating on the scale lowest..highest, halves rounded up; None for no rating.

    Raises ValueError outside the scale.
    """
    if rating is None:
        return None
    if not lowest <= rating <= highest:
        raise ValueError(f"rating outside {lowest} to {highest}")
    exact = 1 + 4 * (rating - lowest) / Decimal(highest - lowest)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def write_table(rows: Iterable[dict[str, Any]], schema: pa.Schema, path: Path) -> None:
    """Write rows in their order, with fixed settings, so that equal rows give equal bytes."""
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, path, compression="zstd", row_group_size=131_072, store_schema=False)


def read_table(path: Path, schema: pa.Schema) -> list[dict[str, Any]]:
    """Return the rows of a file that `write_table` wrote."""
    found: list[dict[str, Any]] = pq.read_table(path, schema=schema).to_pylist()
    return found
