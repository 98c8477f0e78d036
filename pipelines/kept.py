"""What a visit asks to be remembered for the next one, as the text that receipts hold (`Outcome.keep`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

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


def without(keep: Mapping[str, str], is_forgotten: Callable[[str], bool]) -> dict[str, str]:
    """Return what is remembered less the ids that are forgotten, in each of the ways in which ids are written.

    A place in a list that is one id goes as a whole, and the next visit begins as the first one did.
    """
    left: dict[str, str] = {}
    for name, text in keep.items():
        if is_forgotten(name) or is_forgotten(text):
            continue
        if text.startswith("["):
            items: list[Any] = msgspec.json.decode(text)
            standing = [item for item in items if not any(map(is_forgotten, _words_of(item)))]
            left[name] = text if standing == items else msgspec.json.encode(standing).decode()
        else:
            words = text.split(" ")
            named = [word for word in words if not any(map(is_forgotten, {word, *word.rpartition("=")}))]
            left[name] = " ".join(named)
    return left


def _words_of(item: object) -> Iterable[str]:
    """Yield every text in an item of a list, however deep it stands."""
    if isinstance(item, str):
        yield item
    elif isinstance(item, list | dict):
        for part in item.values() if isinstance(item, dict) else item:
            yield from _words_of(part)
