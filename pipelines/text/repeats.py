"""Texts that are another one over again, but for names and numbers: templates among replies, copies among comments.

Candidates are found by MinHash in bands (Broder 1997), and each is then compared exactly, so that chance decides only
what is looked at; two texts of the least likeness are missed once in two hundred times.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, pairwise, takewhile
from typing import Final

import numpy as np

from pipelines.text.sentences import plain, words_of

# Of all pairs of neighbouring words in either text, the share that both have.
LEAST_ALIKE: Final = 0.6
_BANDS: Final = 21
_ROWS: Final = 3
_PRIME: Final = (1 << 31) - 1
_FACTORS: Final = np.random.Generator(np.random.PCG64(4)).integers(1, _PRIME, (2, _BANDS * _ROWS, 1), dtype=np.uint64)
# A capitalised word that begins no sentence is taken for a name, as is one that is spoken to.
_NAME: Final = re.compile(r"(?<=[^.!?\s] )[A-Z][\w'-]*[a-z][\w'-]*|^[A-Z][\w'-]+(?=\s*[,!\u2013-])|@[\w.-]+")


def template_of(text: str) -> tuple[str, ...]:
    """Return the words of a text with names as `_` and numbers as `0`; one name stands for a whole one."""
    words = words_of(_NAME.sub(" 00 ", plain(text)))
    masked = ["_" if word == "0" else word for word in words]
    return tuple(word for at, word in enumerate(masked) if word != "_" or masked[at - 1 : at] != ["_"])


def _pairs(template: Sequence[str]) -> frozenset[int]:
    edged = ("", *template, "")
    return frozenset(
        zlib.crc32(f"{one} {other}".encode("utf-8", "surrogatepass")) % _PRIME for one, other in pairwise(edged)
    )


def twins(texts: Sequence[str]) -> list[int | None]:
    """Return, for each text, the number of another one that is alike, or None: an earlier one if there is any.

    A text without words has none.
    """
    numbers: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        numbers[template_of(text)].append(number)
    numbers.pop((), None)
    firsts = [same[0] for same in numbers.values()]
    found: list[int | None] = [None] * len(texts)
    for place, (same, other) in enumerate(
        zip(numbers.values(), _others([_pairs(each) for each in numbers]), strict=True)
    ):
        for number in same[1:]:
            found[number] = same[0]
        earlier = other is not None and other < place
        found[same[0]] = same[1] if len(same) > 1 and not earlier else None if other is None else firsts[other]
    return found


Signed = tuple[frozenset[int], tuple[bytes, ...]]


def signed(text: str) -> Signed:
    """Return the pairs of words of a text, and its keys in the bands; both empty without words."""
    template = template_of(text)
    return (pairs, _keys(pairs)) if template and (pairs := _pairs(template)) else (frozenset(), ())


def copies_of(texts: Sequence[Signed], others: Sequence[Signed]) -> list[bool]:
    """Return, for each text, whether it is alike to any of the others: what must not be taught before a test."""
    bands: dict[tuple[int, bytes], list[frozenset[int]]] = defaultdict(list)
    for pairs, keys in set(others):
        for band, key in enumerate(keys):
            bands[band, key].append(pairs)
    return [
        any(_alike(pairs, other) for band, key in enumerate(keys) for other in bands.get((band, key), ()))
        for pairs, keys in texts
    ]


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    return one == other or len(one & other) >= LEAST_ALIKE * len(one | other)


def _keys(pairs: frozenset[int]) -> tuple[bytes, ...]:
    values = np.fromiter(pairs, dtype=np.uint64, count=len(pairs))
    lowest = ((_FACTORS[0] * values + _FACTORS[1]) % np.uint64(_PRIME)).min(axis=1)
    return tuple(lowest[band * _ROWS : (band + 1) * _ROWS].tobytes() for band in range(_BANDS))


def _others(pairs: Sequence[frozenset[int]]) -> list[int | None]:
    """Return, for each set, the number of another that is alike, an earlier one if there is any.

    The search ends with the first that is found, so that thousands of copies of one text cost no more than others.
    """
    keys = [_keys(held) for held in pairs]
    bands: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for number, each in enumerate(keys):
        for band, key in enumerate(each):
            bands[band, key].append(number)
    found: list[int | None] = []
    for number, each in enumerate(keys):
        beside = [bands[band, key] for band, key in enumerate(each)]
        earlier = (other for members in beside for other in takewhile(number.__gt__, members))
        later = (other for members in beside for other in members if other > number)
        found.append(next((other for other in chain(earlier, later) if _alike(pairs[number], pairs[other])), None))
    return found
