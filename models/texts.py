"""The labelled texts models are trained on and judged by, from the folder the manifest names.

Surprise: in the hand-labelled comments a criticality of 0 means "not rated" for one trust, whose texts are nearly all
praise. Read as neutral they would teach that praise is neutral; they are read as praise.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipelines.text.repeats import copies_of, signed
from pipelines.text.shape import folded

MANIFEST = Path(__file__).parent / "manifest.toml"
NEGATIVE, NEUTRAL, POSITIVE = range(3)


class Labelled(NamedTuple):
    source: str
    text: str
    label: int


class Missing(Exception):
    """The data a model is trained on is not on this machine."""


def data_folder() -> Path:
    """Return the folder with the data. Raises Missing with what to do."""
    folder: Path = (MANIFEST.parents[1] / tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["folder"]).resolve()
    if not folder.is_dir():
        raise Missing(
            f"{folder} is not there. The shipped weights work without it; "
            "to train anew, put the data that models/manifest.toml names there"
        )
    return folder


def sources() -> list[dict[str, str]]:
    """Return the manifest's entries: name, file, licence, use. Raises ValueError for a licence that is not allowed."""
    found: list[dict[str, str]] = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["source"]
    for source in found:
        if source["licence"] not in ("MIT", "CC BY 4.0", "public domain"):
            raise ValueError(f"{source['name']}: weights trained on {source['licence']} may not be published")
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def comments(folder: Path) -> list[Labelled]:
    """Return the hand-labelled patient comments, one source a trust; stray criticality codes are left out."""
    kept = []
    for row in _rows(folder / "pxtextmining_nhs" / "phase1_text_data.csv"):
        try:
            rated = int(row["criticality"])
        except ValueError:
            continue
        praise = rated > 0 or (rated == 0 and row["organization"] == "Trust B")
        if abs(rated) <= 5 and (rated or praise) and row["feedback"].strip():
            kept.append(Labelled(row["organization"], row["feedback"], POSITIVE if praise else NEGATIVE))
    return kept


def surveys(folder: Path) -> list[Labelled]:
    """Return answers of at least three words of two years of a practice survey, labelled by the rating beside them."""
    kept = []
    for name in ("fft_2023", "fft_2024"):
        for row in _rows(folder / "nhs_gp_fft" / f"{name}.csv"):
            if row["rating"] in ("1", "2", "3", "4", "5") and len(row["free_text"].split()) >= 3:
                stars = int(row["rating"])
                kept.append(
                    Labelled(name, row["free_text"], NEGATIVE if stars < 3 else NEUTRAL if stars == 3 else POSITIVE)
                )
    return kept


def snippets(folder: Path) -> list[Labelled]:
    """Return product and film snippets with the mean of twenty raters, and three labelled sets of sentences."""
    kept = []
    for name in ("amazonReviewSnippets", "movieReviewSnippets"):
        path = folder / "hutto_icwsm2014" / f"{name}_GroundTruth.txt"
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            _, valence, text = line.split("\t", 2)
            rated = float(valence)
            kept.append(Labelled(name, text, NEGATIVE if rated <= -0.5 else POSITIVE if rated >= 0.5 else NEUTRAL))
    for name in ("amazon_cells", "imdb"):
        path = folder / "uci_sentences" / f"{name}_labelled.txt"
        for line in path.read_text(encoding="utf-8").split("\n"):
            if "\t" in line:
                text, good = line.rsplit("\t", 1)
                kept.append(Labelled(name, text, POSITIVE if good.strip() == "1" else NEGATIVE))
    return kept


_signed = cache(signed)


def unlike(texts: Sequence[str], others: Iterable[str]) -> list[bool]:
    """Return, for each text, whether it is none of the others over again.

    That is by its folded form (case, punctuation, spacing) and by `repeats.copies_of` (names, numbers, most words).
    """
    others = list(others)
    there = {folded(other) for other in others}
    copies = copies_of([_signed(text) for text in texts], [_signed(other) for other in others])
    return [not copy and folded(text) not in there for text, copy in zip(texts, copies, strict=True)]


def without(texts: Iterable[Labelled], others: Iterable[Labelled]) -> list[Labelled]:
    """Return the texts that are none of the others over again."""
    texts = list(texts)
    kept = unlike([text.text for text in texts], [other.text for other in others])
    return [text for text, keep in zip(texts, kept, strict=True) if keep]
