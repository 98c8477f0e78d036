"""Answers of platforms, read strictly: what does not fit is set aside or stops, and no message quotes a value.

A single bad record is set aside with its place; when most of a page is bad, it is the platform that has changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import httpx
import msgspec
from bs4 import BeautifulSoup

from pipelines.errors import BadKey, ChangedShape, RapportError, UnknownName
from pipelines.landing import SavedPage
from pipelines.records import SetAside

# Some platforms write the same id as a number and as a string; it is text to us.
Id = str | int
Shape = TypeVar("Shape")
# On how many records of a page the names of all fields are looked at.
_LOOKED_AT = 3
LARGEST_RECORD_BYTES = 2_000_000
_Problem = (msgspec.ValidationError, msgspec.DecodeError)


def decoded(body: bytes, shape: type[Shape], *, source: str, where: str) -> Shape:
    """Return a page's body as `shape`. Raises ChangedShape, also for a page of HTML or of broken UTF-8."""
    try:
        # What is decoded later, record by record, must be text as well.
        body.decode()
        return msgspec.json.decode(body, type=shape)
    except (*_Problem, UnicodeDecodeError) as error:
        raise ChangedShape(
            f"the page is not what the contract says ({safe(error)})",
            where=where,
            next_step=f"Compare the kept page with pipelines/sources/{source}.py",
        ) from None


def record_or_none(raw: msgspec.Raw, shape: type[Shape]) -> Shape | None:
    """Return what paging needs of a record, or None if even that is no good; reading it will set it aside."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except _Problem:
        return None


def each(
    raws: Sequence[msgspec.Raw], shape: type[Shape], page: SavedPage, *, practice_id: str, what: str = "review"
) -> Iterator[tuple[int, Shape | SetAside]]:
    """Yield each record with its position from 1, or a SetAside. Raises ChangedShape after them if most are bad."""
    bad = 0
    for raw in raws[:_LOOKED_AT]:
        page.fields.update(_field_names(raw))
    for position, raw in enumerate(raws, 1):
        if len(bytes(raw)) > LARGEST_RECORD_BYTES:
            reason = f"larger than {LARGEST_RECORD_BYTES // 1_000_000} MB"
            yield position, SetAside(page=page.path, where=f"{what} {position}", reason=reason, practice_id=practice_id)
            continue
        try:
            yield position, msgspec.json.decode(raw, type=shape)
        except _Problem as error:
            bad += 1
            where = f"{what} {position}"
            yield position, SetAside(page=page.path, where=where, reason=safe(error), practice_id=practice_id)
    if bad >= 3 and bad * 2 > len(raws):
        source = page.receipt.source
        raise ChangedShape(
            f"{bad} of {len(raws)} {what}s on one page could not be read",
            where=f"{source}: {practice_id or page.receipt.label}",
            next_step=f"The platform's answer has probably changed: correct pipelines/sources/{source}.py and run "
            f"`rapport read {source} {page.receipt.night}` again",
            evidence=page.path,
        )


def _field_names(raw: msgspec.Raw) -> Iterator[str]:
    """Yield the names of a record's fields, and of the fields of the objects in it, as `outer.inner`."""
    for name, held in (record_or_none(raw, dict[str, Any]) or {}).items():
        yield name
        if isinstance(held, dict):
            yield from (f"{name}.{inner}" for inner in held)


def refusal(
    answer: httpx.Response, *, title: str, where: str, said: str, renew: str, allow: str, correct: str
) -> RapportError:
    """Return the error of an answer that is not a 200; the last three are what to do at 401, at 403 and at 404.

    `said` is the platform's machine-readable word, never its sentence. A redirect is not followed, because it
    would carry the key to wherever it points.
    """
    status = answer.status_code
    told = f"{status}, {said}" if said else str(status)
    if status == 401:
        return BadKey(f"{title} refuses the key ({told})", where=where, next_step=renew)
    if status == 403:
        return BadKey(f"the key may not read this ({told})", where=where, next_step=allow)
    if status in (404, 410):
        return UnknownName(f"{title} has nothing of that name ({told})", where=where, next_step=correct)
    return ChangedShape(f"{title} answered {told}", where=where, next_step="Look at the platform's status and changes")


def word(answer: httpx.Response, *path: str) -> str:
    """Return the short machine-readable word at a path of keys in a JSON answer, or ""."""
    try:
        held: Any = msgspec.json.decode(answer.content)
    except (*_Problem, UnicodeDecodeError):
        return ""
    for key in path:
        held = held.get(key) if isinstance(held, dict) else None
    return held[:60] if isinstance(held, str) and held and " " not in held else ""


def text_of_html(html: str) -> str:
    """Return what a reader sees of a platform's HTML: words, a line for each break, a blank one between paragraphs."""
    # Without an element around it, a text that looks like a file's name would be warned about.
    held = BeautifulSoup(f"<div>{html}</div>", "html.parser")
    for line in held.find_all("br"):
        line.replace_with("\n")
    for paragraph in held.find_all(["p", "li", "blockquote"]):
        paragraph.append("\n\n")
    return re.sub(r"\n{3,}", "\n\n", held.get_text()).strip()


def links_of_html(html: str) -> list[str]:
    """Return where the links of a platform's HTML point to, leaving out those to accounts and hashtags."""
    anchors = BeautifulSoup(f"<div>{html}</div>", "html.parser").find_all("a", href=True)
    return [str(anchor["href"]) for anchor in anchors if not {"mention", "hashtag"} & set(anchor.get("class") or ())]


def safe(error: Exception) -> str:
    """Return a decoding error's message without the values it may quote."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    said = str(error).split(" - at `")
    place = said[1].rstrip("`") if len(said) > 1 else "$"
    reason = said[0] if "Invalid enum value" not in said[0] else "a value that is not in the contract"
    return f"{reason} at {place}"[:200]
