"""What a visit asks to be remembered for the next one, as the text that receipts hold (`Outcome.keep`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

Known = TypeVar("Known")


def as_text(known: Iterable[msgspec.Struct]) -> str:
    return msgspec.json.encode(list(known)).decode()


def remembered(text: str, shape: type[Known]) -> Known:
    """Return what `as_text` wrote, as a list of that shape; an empty one where nothing was kept."""
    return msgspec.json.decode(text or "[]", type=shape)
