"""Linear models over hashed words: the one form in which all trained weights are kept, loaded and applied.

Surprise: words are hashed, so a weights file holds no word of anybody's text; what spoke for a judgement is found by
hashing the words of the text at hand again. Weights are plain numbers in an npz read with `allow_pickle=False`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).parent / "models"
Floats = npt.NDArray[np.float32]
Buckets = npt.NDArray[np.int64]


# The same few thousand words make up most of all texts; long made-up ones do not stay.
@lru_cache(maxsize=1 << 16)
def _spelt(word: str) -> tuple[int, int, bytes]:
    """Return the hash of a word, that of the word with a space behind it, and its letters."""
    letters = word.encode("utf-8", "surrogatepass")
    hashed = zlib.crc32(letters)
    return hashed, zlib.crc32(b" ", hashed), letters


@lru_cache(maxsize=1 << 16)
def hash_of(gram: str) -> int:
    """Return the number by which a word or pair is known: the CRC-32 of its letters."""
    return _spelt(gram)[0]


def word_grams(words: Sequence[str]) -> list[int]:
    """Return the hashes of the single words and of the pairs of neighbours, with a space between.

    A CRC goes on from where that of the first word ended, so no pair has to be written out.
    """
    spelt = [_spelt(word) for word in words]
    return [hashed for hashed, _, _ in spelt] + [
        zlib.crc32(letters, before) for (_, before, _), (_, _, letters) in pairwise(spelt)
    ]


@lru_cache(maxsize=1 << 14)
def character_hashes(word: str, shortest: int = 3, longest: int = 5) -> frozenset[int]:
    """Return the hashes of the runs of characters inside a word, whose edges count as spaces."""
    padded = f" {word} "
    runs = (
        padded[at : at + length] for length in range(shortest, longest + 1) for at in range(len(padded) - length + 1)
    )
    return frozenset(zlib.crc32(f"\x02{run}".encode("utf-8", "surrogatepass")) for run in runs)


def buckets_of(hashes: Iterable[int], size: int) -> Buckets:
    """Return the distinct buckets of the hashes, in order, below `size`, a power of two."""
    mask = size - 1
    found = {hashed & mask for hashed in hashes}
    return np.fromiter(sorted(found), dtype=np.int64, count=len(found))


def weighted(buckets: Buckets, rarity: Floats) -> Floats:
    """Return the value of each bucket: its rarity, scaled so that a text's values have length one."""
    values = rarity[buckets]
    length = float(np.sqrt(np.dot(values, values)))
    return values / np.float32(length) if length else values


class Vectors(NamedTuple):
    """What words mean by the company they keep: the row of each word's hash, and the vectors (words, dimensions)."""

    rows: Mapping[int, int]
    values: Floats

    @classmethod
    def of(cls, hashes: npt.NDArray[np.uint32], values: npt.NDArray[np.float16]) -> Vectors:
        return cls({hashed: row for row, hashed in enumerate(hashes.tolist())}, values.astype(np.float32))

    def meaning(self, words: Iterable[str]) -> Floats:
        """Return the sum of the vectors of the words that are known, brought to length one; zeros where none is."""
        rows = [row for row in (self.rows.get(hash_of(word)) for word in words) if row is not None]
        total = np.asarray(self.values[rows].sum(axis=0), dtype=np.float32)
        length = float(np.sqrt(np.dot(total, total)))
        return total / np.float32(length) if length else total


NO_VECTORS: Final = Vectors({}, np.zeros((0, 0), dtype=np.float32))


@dataclass(frozen=True)
class Linear:
    """Weights of one model. `weights` is (buckets, outputs), `dense` (further features, outputs).

    `valences` tells how words sound by themselves, by their `hash_of`, `vectors` what they mean; both are empty where a
    model does not use them.
    """

    weights: Floats
    dense: Floats
    bias: Floats
    rarity: Floats
    card: dict[str, Any]
    valences: Mapping[int, float] = field(default_factory=dict)
    vectors: Vectors = NO_VECTORS

    def margins(self, buckets: Buckets, more: Floats | None = None) -> Floats:
        """Return the log-odds of each output for one text."""
        found = weighted(buckets, self.rarity) @ self.weights[buckets] + self.bias
        return found if more is None else found + more @ self.dense


def probabilities(margins: Floats) -> Floats:
    """Return the logistic function of log-odds."""
    found = np.negative(margins, dtype=np.float32)
    np.maximum(found, -30, out=found)
    np.minimum(found, 30, out=found)
    np.exp(found, out=found)
    found += 1.0
    return np.divide(1.0, found, out=found)


@cache
def load(name: str) -> Linear:
    """Return a packaged model. Its weights are checked against the hash its card holds; ValueError if they differ."""
    card = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    path = FOLDER / f"{name}.npz"
    if hashlib.sha256(path.read_bytes()).hexdigest() != card["sha256"]:
        raise ValueError(
            f"{path.name} is not the file its card describes; run `make models` or take both from one release"
        )
    with np.load(path, allow_pickle=False) as held:
        arrays = {key: held[key].astype(np.float32) for key in ("weights", "dense", "bias", "rarity")}
        valences = (
            dict(zip(held["words"].tolist(), held["valences"].tolist(), strict=True)) if "valences" in held else {}
        )
        known = Vectors.of(held["words"], held["vectors"]) if "vectors" in held else NO_VECTORS
    return Linear(**arrays, card=card, valences=valences, vectors=known)


def model_id(name: str) -> str:
    """Return name and the first digits of the weights' hash: what is kept with every feature."""
    return f"{name}-{load(name).card['sha256'][:8]}"
