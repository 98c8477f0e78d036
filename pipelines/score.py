"""Score: turn records into features that hold no text and no name, on this machine.

The file of a night is written whole or not at all, and the same records give the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, Literal

import msgspec

from pipelines.errors import NotReady, RapportError
from pipelines.landing import DataDir, atomic_path
from pipelines.periods import local_time
from pipelines.practices import Practices
from pipelines.records import FEATURES, RECORDS, Feature, read_table, stars_of, write_table
from pipelines.sources import source_names
from pipelines.text.author import load_secret, pseudonym
from pipelines.text.judgements import Surroundings, explained, judgements
from pipelines.text.language import MODEL_ID, language_of
from pipelines.text.shape import folded, is_emoji_only, words_in


class TextFeatures(msgspec.Struct, frozen=True):
    """What a text alone tells. All fields but `has_text` are None without a text."""

    has_text: bool
    words: int | None
    emoji_only: bool | None
    language: str | None
    language_sure: bool | None


class JsonLine(msgspec.Struct, frozen=True):
    """One line of `rapport score --jsonl`; other fields are ignored. `reviewer` is the name shown with the review."""

    id: str | int
    text: str | None = None
    kind: Literal["review", "comment", "post", "reply"] = "review"
    stars: float | None = None
    review_text: str | None = None
    reviewer: str | None = None
    practice_names: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


def score(source: str, night: dt.date, practices: Practices, data: DataDir, *, say: Callable[[str], None]) -> int:
    """Write the features of one source's night and return how many. Raises NotReady if it was not read."""
    path = data.records(source, night)
    if not path.is_file():
        raise NotReady(
            f"there are no records of the night of {night}",
            where=source,
            next_step=f"Run `rapport read {source} {night}` first; if its text has expired, its features are kept",
        )
    secret = load_secret(data.secrets / "author_secret")
    zones = {practice.id: practice.time_zone for practice in practices.practice}
    rows = read_table(path, RECORDS)
    known = [row for row in rows if row["practice_id"] in zones]
    if len(known) < len(rows):
        say(f"  {len(rows) - len(known)} records of practices that are no longer in practices.toml are left out")
    features = [_feature(row, zones[row["practice_id"]], secret) for row in known]
    with atomic_path(data.features(source, night)) as partial:
        write_table((msgspec.structs.asdict(feature) for feature in features), FEATURES, partial)
    say(f"{source}: {len(features)} features of {night}")
    return len(features)


def score_night(night: dt.date, practices: Practices, data: DataDir, *, say: Callable[[str], None]) -> int:
    """Score every source that was read on a night. Raises NotReady if none was."""
    there = [name for name in source_names() if data.records(name, night).is_file()]
    if not there:
        raise NotReady(
            f"no source was read on the night of {night}", where="score", next_step="See the errors of fetch and read"
        )
    return sum(score(name, night, practices, data, say=say) for name in there)


def score_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the features of JSON lines {id, kind, text, …}. Raises RapportError naming a line that is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = msgspec.json.decode(line, type=JsonLine)
        except (msgspec.ValidationError, msgspec.DecodeError):
            raise RapportError(
                "not a JSON object with id, text and a kind of review, comment, post or reply",
                where=f"line {number}",
                next_step="Correct the line",
            ) from None
        shape = text_features(item.text)
        around = Surroundings(
            item.review_text or "", item.reviewer or "", item.practice_names, item.staff, item.phones, item.domains
        )
        yield {
            "id": item.id,
            "kind": item.kind,
            **msgspec.structs.asdict(shape),
            **judgements(item.kind, item.text or "", shape.language, around, item.stars),
            "model_id": MODEL_ID,
        }


def explain_text(text: str, kind: str) -> list[str]:
    """Return the judgements on one text with their evidence, which quotes it: for the screen, never for a log."""
    return explained(kind, text, text_features(text).language)


def text_features(text: str | None) -> TextFeatures:
    if not text or not text.strip():
        return TextFeatures(has_text=False, words=None, emoji_only=None, language=None, language_sure=None)
    language, sure = language_of(text)
    return TextFeatures(
        has_text=True, words=words_in(text), emoji_only=is_emoji_only(text), language=language, language_sure=sure
    )


def _feature(row: dict[str, Any], time_zone: str, secret: bytes) -> Feature:
    practice_id, site = row["practice_id"], row["site"]
    created: dt.datetime | None = row["created_at"]
    when = created or row["updated_at"]
    author = row["author_id"]
    year = str(local_time(when, time_zone).year) if when else ""
    rating: Decimal | None = row["rating"]
    text = "\n\n".join(part for part in (row["title"], row["text"]) if part)
    shape = text_features(text)
    return Feature(
        kind=row["kind"],
        source=row["source"],
        site=site,
        night=row["night"],
        practice_id=practice_id,
        item_id=row["item_id"],
        parent_id=row["parent_id"],
        author_key=pseudonym(secret, practice_id, year, row["source"], site, author) if author else None,
        created_at=created,
        created_local=local_time(created, time_zone) if created else None,
        updated_at=row["updated_at"],
        stars=stars_of(rating, row["rating_min"], row["rating_max"]),
        has_text=shape.has_text,
        words=shape.words,
        emoji_only=shape.emoji_only,
        language=shape.language,
        language_sure=shape.language_sure,
        text_key=pseudonym(secret, practice_id, "text", folded(text)) if shape.has_text else None,
        state=row["state"],
        url=row["url"],
        total_count=row["total_count"],
        total_average=row["total_average"],
        page=row["page"],
        position=row["position"],
        model_id=MODEL_ID,
    )
