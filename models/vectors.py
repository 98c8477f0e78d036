"""What words mean by the company they keep: GloVe vectors, cut to the most frequent words for the content model.

Surprise: `make models` does not run this, so that it needs no download of the whole set. What it made is `glove.npz`;
models/manifest.toml names the release.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from models.fit import archive
from pipelines.text.linear import Vectors, hash_of
from pipelines.text.sentences import words_of

PATH: Final = Path(__file__).parent / "glove.npz"
MOST_WORDS: Final = 10_000
# How much a word of this share of all words counts half (Arora 2017); shares by Zipf's law from the rank.
_USUAL: Final = 1e-3
_ZIPF: Final = 12.0


def cut(folder: Path, target: Path = PATH, most: int = MOST_WORDS) -> None:
    """Write the vectors of the most frequent words that `words_of` leaves whole, weighted by how rare they are.

    `folder` holds `glove_6B_index.parquet` (words, most frequent first) and `glove_6B_50d_emb.npy` (words, 50).
    """
    words = pq.read_table(folder / "glove_6B_index.parquet").column("index").to_pylist()
    every = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r", allow_pickle=False)
    ranks = [rank for rank, word in enumerate(words) if not word.isdecimal() and words_of(word) == [word]][:most]
    held = {
        hash_of(words[rank]): np.asarray(every[rank] * _USUAL / (_USUAL + 1 / ((rank + 10) * _ZIPF)), np.float16)
        for rank in ranks
    }
    hashes = sorted(held)
    archive(target, {"words": np.array(hashes, np.uint32), "vectors": np.array([held[each] for each in hashes])})


def vectors(path: Path = PATH) -> Vectors:
    """Return the vectors by `hash_of` their word."""
    with np.load(path, allow_pickle=False) as arrays:
        return Vectors.of(arrays["words"], arrays["vectors"])


if __name__ == "__main__":
    cut(Path(sys.argv[1]))
