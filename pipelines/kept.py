"""What a visit asks to be remembered for the next one, as the text that receipts hold (`Outcome.keep`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

Known = TypeVar("Known")


class KnownPost(msgspec.Struct, array_like=True, frozen=True):
    """A post remembered from one night to the next, by its id.

    `talk` is the day of the newest answer to a post of the practice's own, or quote of it: as long as one is within the
    window, a sweep must list it, however old the post. `uri` is given where that is another name than the id.
    """

    id: str
    day: dt.date
    talk: dt.date = dt.date.min
    uri: str = ""

    @property
    def lives_until(self) -> dt.date:
        return max(self.day, self.talk)


def as_text(known: Iterable[msgspec.Struct]) -> str:
    return msgspec.json.encode(list(known)).decode()


def remembered(text: str, shape: type[Known]) -> Known:
    """Return what `as_text` wrote, as a list of that shape; an empty one where nothing was kept."""
    return msgspec.json.decode(text or "[]", type=shape)


def known_posts(text: str) -> dict[str, KnownPost]:
    """Return by their ids the posts that `as_text` wrote."""
    return {known.id: known for known in remembered(text, list[KnownPost])}


def as_days(known: Mapping[str, dt.date]) -> str:
    """Return ids with a day each, as text. No id has a blank or an = in it."""
    return " ".join(f"{name}={day}" for name, day in sorted(known.items()))


def days(text: str, since: dt.date = dt.date.min) -> dict[str, dt.date]:
    """Return what `as_days` wrote, as far as the day is not before `since`."""
    pairs = (pair.rpartition("=") for pair in text.split())
    known = {name: dt.date.fromisoformat(day) for name, _, day in pairs}
    return {name: day for name, day in known.items() if day >= since}
