"""Texts that are another one over again, but for names and numbers: templates among replies, copies among comments.

Candidates are found by MinHash in bands (Broder 1997), and each is then compared exactly, so that chance decides only
what is looked at; two texts of the least likeness are missed once in two hundred times.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
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
    """Return, for each text, the number of the first other one that is alike, or None. A text without words has none.

    Surprise: likeness is no equivalence: the first text alike to the third need not be alike to the second.
    """
    numbers: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        numbers[template_of(text)].append(number)
    numbers.pop((), None)
    found: list[int | None] = [None] * len(texts)
    templates = list(numbers)
    pairs = [_pairs(template) for template in templates]
    nearest = _nearest(pairs)
    for template, alike in zip(templates, nearest, strict=True):
        same = numbers[template]
        others = [numbers[templates[other]][0] for other in alike]
        for number in same:
            first = [other for other in (*same[:2], *others) if other != number]
            found[number] = min(first, default=None)
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


def _nearest(pairs: Sequence[frozenset[int]]) -> list[set[int]]:
    """Return, for each set, the numbers of the other sets that share at least `LEAST_ALIKE` with it."""
    bands: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for number, held in enumerate(pairs):
        for band, key in enumerate(_keys(held)):
            bands[band, key].append(number)
    alike: list[set[int]] = [set() for _ in pairs]
    compared: set[tuple[int, int]] = set()
    for members in bands.values():
        for at, one in enumerate(members):
            for other in members[at + 1 :]:
                if (one, other) in compared:
                    continue
                compared.add((one, other))
                if _alike(pairs[one], pairs[other]):
                    alike[one].add(other)
                    alike[other].add(one)
    return alike
