"""Answers of platforms, read strictly: what does not fit is set aside or stops, and no message quotes a value.

A single bad record is set aside with its place; when most of a page is bad, it is the platform that has changed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

import httpx
import msgspec
from bs4 import BeautifulSoup

from pipelines.errors import BadKey, ChangedShape, RapportError, UnknownName
from pipelines.landing import SavedPage
from pipelines.records import Record, SetAside

# Some platforms write the same id as a number and as a string; it is text to us.
Id = str | int
# Google writes 64-bit numbers as strings; older answers have them as numbers.
Count = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}$")] | Annotated[int, msgspec.Meta(ge=0, lt=10**18)]
Shape = TypeVar("Shape")
# On how many records of a page the names of all fields are looked at.
_LOOKED_AT = 3
# So many pages in a row newcomers may have pushed on; more is a list that never ends.
_MOST_KNOWN_PAGES = 3
LARGEST_RECORD_BYTES = 2_000_000
_Problem = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError)


class Keyed(Protocol):
    """A visit, as far as its key goes."""

    @property
    def key(self) -> str: ...


Visit = TypeVar("Visit", bound=Keyed)
Item = TypeVar("Item")


class Advice(NamedTuple):
    """Who refuses an answer, and what to do about it: at 401, at 403 and at 404."""

    title: str
    renew: str
    allow: str
    correct: str


class Walk:
    """One list while it is paged: which ids it has shown, and its newest instant. It stops a list without an end.

    `oldest` and the id `last` are of the last page; `newest` starts with what the visits before had seen. Where a
    platform takes what is hidden out of a page, `may_be_empty`: such a page has nothing new, and still names another.

    A list that is asked for by numbers `moves` down whenever something is added above: what was the end of a page is
    then the beginning of the next, and a page may have nothing but that. Nothing is passed over by it.
    """

    def __init__(
        self,
        where: str,
        *,
        what: str = "review",
        newest: dt.datetime | None = None,
        may_be_empty: bool = False,
        moves: bool = False,
    ) -> None:
        self.ids, self.newest, self.oldest, self.last = set[str](), newest, newest, ""
        self._where, self._what, self._tokens, self._goes_on = where, what, set[str](), False
        self._may_be_empty, self._moves, self._known_pages = may_be_empty or moves, moves, 0

    def add(self, heads: Iterable[tuple[Id, dt.datetime | None]]) -> set[str]:
        """Take in a page and return the ids that are new. Raises ChangedShape if all it has is of earlier pages, where
        the list `moves` if that was so too often in a row."""
        page = [(str(name), moment) for name, moment in heads]
        new = {name for name, _ in page} - self.ids
        self._known_pages = 0 if new else self._known_pages + 1
        if self._known_pages > _MOST_KNOWN_PAGES if self._moves else page and not new:
            raise ChangedShape(
                f"a page has nothing but {self._what}s of earlier pages: the list would never end", where=self._where
            )
        moments = [moment for _, moment in page if moment]
        self.ids |= new
        self.newest, self.last = latest(self.newest, *moments), page[-1][0] if page else ""
        self.oldest = min(moments, default=None)
        self._goes_on = bool(new) or self._may_be_empty
        return new

    def turn(self, token: str) -> str:
        """Return the token of the page after one that was added. Raises ChangedShape if it leads nowhere."""
        if token in self._tokens or not self._goes_on:
            reason = (
                "a page token came twice" if token in self._tokens else "a page brings nothing new and names another"
            )
            raise ChangedShape(f"{reason}: the list would never end", where=self._where)
        self._tokens.add(token)
        return token

    def has_reached(self, known: dt.datetime | None) -> bool:
        """Say whether the last page goes back beyond an instant; never where there is none to go back to."""
        return known is not None and self.oldest is not None and self.oldest < known


def decoded(body: bytes, shape: type[Shape], *, source: str, where: str) -> Shape:
    """Return a page's body as `shape`. Raises ChangedShape, also for a page of HTML or of broken UTF-8."""
    try:
        # What is decoded later, record by record, must be text as well.
        body.decode()
        return msgspec.json.decode(body, type=shape)
    except _Problem as error:
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


def readable(raws: Iterable[msgspec.Raw], shape: type[Shape]) -> list[Shape]:
    """Return what paging needs of a page's records, without those that are no good; reading will set them aside."""
    return [held for raw in raws if (held := record_or_none(raw, shape)) is not None]


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


def strange(
    source: str, where: str, what: str = "the page is an answer to another question than Rapport's"
) -> ChangedShape:
    """Return the error of a page that reads well and is none of those its source asks for."""
    return ChangedShape(what, where=where, next_step=f"Compare the kept page with pipelines/sources/{source}.py")


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


def word(answer: httpx.Response, *path: str | int) -> str:
    """Return the short machine-readable word at a path of keys and positions in a JSON answer, or ""."""
    try:
        held: Any = msgspec.json.decode(answer.content)
    except _Problem:
        return ""
    for key in path:
        if isinstance(held, list) and isinstance(key, int):
            held = held[key] if key < len(held) else None
        else:
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


def pictures_of_html(html: str) -> list[str]:
    """Return what each picture of a platform's HTML is described as, by its alt text or its caption, "" for neither.

    What is no picture to a reader is left out: counters of one pixel, drawn emoji, and what says that it is decoration.
    """
    held = BeautifulSoup(f"<div>{html}</div>", "html.parser") if "<img" in html.lower() else None
    found: list[str] = []
    for picture in held.find_all("img") if held else ():
        sizes = {str(picture.get(side, "")).removesuffix("px") for side in ("width", "height")}
        small = bool(sizes & {"0", "1"}) or bool({"wp-smiley", "emoji"} & set(picture.get("class") or ()))
        if small or picture.get("role") in ("presentation", "none") or picture.get("aria-hidden") == "true":
            continue
        figure = picture.find_parent("figure")
        caption = figure.find("figcaption") if figure else None
        found.append(str(picture.get("alt") or "") or (caption.get_text() if caption else ""))
    return found


def tried(
    visits: Iterable[Visit], name: Callable[[Visit], str], ask: Callable[[Visit], str]
) -> list[tuple[str, RapportError | None]]:
    """Return what the doctor says of each visit: its name with what is wrong, or with the words that `ask` returns."""
    found: list[tuple[str, RapportError | None]] = []
    for visit in visits:
        try:
            found.append((name(visit) + ask(visit), None))
        except RapportError as error:
            found.append((name(visit), error))
    return found


def tried_keys(visits: Iterable[Visit], ask: Callable[[Visit], str]) -> list[tuple[str, RapportError | None]]:
    """Return what the doctor says of each key: `ask` makes one request and returns what is to be said beside it."""
    first = {visit.key: visit for visit in reversed(list(visits))}
    return tried(
        [first[key] for key in sorted(first)],
        lambda visit: f"key '{visit.key or 'default'}'",
        lambda visit: f" works{ask(visit)}",
    )


def total(count: int, average: Decimal | None, place: dict[str, Any]) -> Record:
    """Return what a platform itself says of all reviews of a practice: how many, and their mean."""
    return Record(kind="total", item_id="total", total_count=count, total_average=average, **place)


def reply_to(
    review_id: str,
    place: dict[str, Any],
    *,
    text: str | None,
    created_at: dt.datetime | None = None,
    updated_at: dt.datetime | None = None,
    state: str | None = None,
    name: str = "reply",
) -> Record:
    """Return a practice's answer to a review. Where there may be several, `name` tells them apart."""
    return Record(
        kind="reply",
        item_id=f"{review_id}/{name}",
        parent_id=review_id,
        created_at=created_at,
        updated_at=updated_at or created_at,
        text=text or None,
        state=state,
        **place,
    )


def from_zone(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return an instant in UTC that a platform writes without a zone, by the clock of its own place."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)


def latest(*moments: dt.datetime | None) -> dt.datetime | None:
    """Return the newest of the instants that are known, or None."""
    return max((moment for moment in moments if moment), default=None)


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield items in their order, as many at once as a platform takes."""
    return (items[start : start + size] for start in range(0, len(items), size))


def safe(error: Exception) -> str:
    """Return a decoding error's message without the values it may quote."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    said = str(error).split(" - at `")
    place = said[1].rstrip("`") if len(said) > 1 else "$"
    reason = said[0] if "Invalid enum value" not in said[0] else "a value that is not in the contract"
    return f"{reason} at {place}"[:200]
