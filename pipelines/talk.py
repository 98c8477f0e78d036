"""Records of conversations, as sources make them of a kept page: what all carry, and the numbers beside them."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pipelines.answers import decoded, each, strange
from pipelines.errors import ChangedShape
from pipelines.landing import SavedPage
from pipelines.records import Record, SetAside

# The fields that say where a record was read: the same for all records of one item of a page.
Place = dict[str, Any]
Shape = TypeVar("Shape")


class Reading:
    """A kept page while its records are made, and what its visit was told and remembered.

    `practice_id` is the visit's practice. Of a visit for several it is empty, so that what is bad is nobody's, and
    whoever reads names the one each record is of.
    """

    def __init__(self, page: SavedPage, site: str) -> None:
        self.page, self._site = page, site
        self.about, self.keep = page.receipt.about, page.receipt.keep
        ids = page.receipt.practice_ids or [page.receipt.label]
        self.practice_id = ids[0] if len(ids) == 1 else ""
        self.where = f"{page.receipt.source}: {self.practice_id or page.receipt.label}, {page.path}"

    def at(self, position: int, practice_id: str = "") -> Place:
        """Return the place of an item: its number on the page, or 0 for what the whole page says."""
        return {
            "source": self.page.receipt.source,
            "site": self._site,
            "practice_id": practice_id or self.practice_id,
            "page": self.page.path,
            "position": position,
        }

    def decoded(self, shape: type[Shape]) -> Shape:
        """Return the page as `shape`. Raises ChangedShape."""
        return decoded(self.page.body, shape, source=self.page.receipt.source, where=self.where)

    def fields(self) -> dict[str, msgspec.Raw]:
        """Return the page's fields, by which one answer is told from another."""
        return self.decoded(dict[str, msgspec.Raw])

    def each(
        self, raws: Sequence[msgspec.Raw], shape: type[Shape], what: str
    ) -> Iterator[tuple[int, Shape | SetAside]]:
        return each(raws, shape, self.page, practice_id=self.practice_id, what=what)

    def records(
        self,
        raws: Sequence[msgspec.Raw],
        shape: type[Shape],
        what: str,
        made: Callable[[Shape, Place], Iterable[Record | SetAside]],
        *,
        at: Place | None = None,
    ) -> Iterator[Record | SetAside]:
        """Yield what is `made` of each item that is good, at its place on the page, or `at` that of what it is in."""
        for position, item in self.each(raws, shape, what):
            yield from [item] if isinstance(item, SetAside) else made(item, at or self.at(position))

    def opening(self, record: Record, window_days: int) -> Iterator[Record]:
        """Yield the opening of a thread that names the practice only further down: it may ask whom to go to.

        One of the practice's own asks nobody. One from before the window of `window_days` counts in no report, and no
        list could ever prove that it is gone.
        """
        midnight = dt.datetime.combine(self.page.receipt.night, dt.time(), tzinfo=dt.UTC)
        first = midnight - dt.timedelta(days=window_days)
        if not record.by_practice and record.created_at and record.created_at >= first:
            yield record

    def left_out(self, count: int) -> Record:
        """Return how many finds of a page of a search were left out, because their authors ask for it."""
        name = Path(self.page.path).name.partition(".")[0]
        return msgspec.structs.replace(metric("left_out", count, self.at(0)), item_id=f"left_out/{name}")

    def set_aside(self, where: str, reason: str) -> SetAside:
        return SetAside(page=self.page.path, where=where, reason=reason, practice_id=self.practice_id)

    def strange(self, *what: str) -> ChangedShape:
        """Return the error of a page that is none of those the source asks for, or `what` is wrong with it."""
        return strange(self.page.receipt.source, self.where, *what)


def metric(
    name: str,
    value: int | None,
    place: Place,
    *,
    post: str | None = None,
    account: str = "",
    day: dt.date | None = None,
) -> Record:
    """Return a number that the platform counts of a post, or without one of the account, whose id may be unknown.

    `day` is given for a number of that day alone.
    """
    item_id = "/".join(part for part in (post or account, name, day.isoformat() if day else "") if part)
    return Record(kind="metric", item_id=item_id, parent_id=post, metric=name, value=value, day=day, **place)


def metrics(
    counted: Mapping[str, int | None], place: Place, *, post: str | None = None, account: str = ""
) -> Iterator[Record]:
    """Yield the numbers of a post or an account, by the platform's own names."""
    return (metric(name, value, place, post=post, account=account) for name, value in counted.items())


def counted(item: msgspec.Struct, names: Collection[str]) -> dict[str, int | None]:
    """Return an item's numbers that are in `names`, by the platform's own names of its fields."""
    found = {name: getattr(item, field) for field, name in _written_names(type(item)) if name in names}
    return {name: None if value is None else int(value) for name, value in found.items()}


@functools.cache
def _written_names(shape: type[msgspec.Struct]) -> list[tuple[str, str]]:
    """Return the names of a shape's fields here and in the platform's answer."""
    return [(field.name, field.encode_name) for field in msgspec.structs.fields(shape)]


def given(numbers: Mapping[str, int | None]) -> dict[str, int | None]:
    """Return the numbers that a server gives, where another one, or an older, has no such field at all."""
    return {name: value for name, value in numbers.items() if value is not None}


def pictured(descriptions: Sequence[str | None]) -> Place:
    """Return the fields of a record that tell of its pictures, given what each of them is described as."""
    return {"pictures": len(descriptions), "pictures_described": sum(bool((d or "").strip()) for d in descriptions)}


def passed_on(post: str, how: str, author_id: str, author_name: str | None, place: Place, *, own: bool) -> Record:
    """Return that an account passed a post on, where the platform does not say when; once an account and post."""
    return Record(
        kind="share",
        item_id=f"{post}/{how}/{author_id}",
        parent_id=post,
        author_id=author_id,
        author_name=author_name,
        by_practice=own,
        **place,
    )


def named(accounts: Iterable[str], own: str | Collection[str] | None) -> tuple[str, ...]:
    """Return the accounts that a text names, each once, the practice's `own` (one, several or none) as "practice"."""
    ours = (own,) if isinstance(own, str) else own or ()
    return tuple(dict.fromkeys("practice" if account in ours else account for account in accounts))


def utc(moment: dt.datetime) -> dt.datetime:
    """Return an instant in UTC, which is what platforms mean that name no zone."""
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def public(url: str | None) -> str | None:
    """Return a link that may stand in a report, or None."""
    return url if url and url.startswith("https://") else None
