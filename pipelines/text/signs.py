"""Where a text does something: the one shape of all that is found in sentences by stated patterns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """What a sentence does (`act`) and why: its number (0 for the whole text), and the place in it."""

    sentence: int
    start: int
    end: int
    act: str
    reason: str


def in_each(sentences: Sequence[str], look: Callable[[str, int], Sign | None]) -> list[Sign]:
    """Return what is found in each sentence, given with its number, at most one sign each."""
    return [sign for number, sentence in enumerate(sentences, 1) if (sign := look(sentence, number))]
