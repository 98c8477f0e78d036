"""The figures by which judgements are measured: shares with intervals, F1, area under the ROC curve, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.fit import Array, shown

BINS = 10


class ByClass(NamedTuple):
    """What was said of one class: `right` of `said` were, of `there` that exist."""

    label: str
    right: int
    said: int
    there: int

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.said + self.there)


def by_class(said: Sequence[str], true: Sequence[str]) -> list[ByClass]:
    """Return the counts of every class that exists, in alphabetical order."""
    pairs = list(zip(said, true, strict=True))
    return [
        ByClass(
            label, sum(one == other == label for one, other in pairs), list(said).count(label), list(true).count(label)
        )
        for label in sorted(set(true))
    ]


def macro_f1(classes: Sequence[ByClass]) -> float:
    """Return the mean F1; 0 of nothing."""
    return float(np.mean([each.f1 for each in classes])) if classes else 0.0


def accuracy(said: Sequence[str], true: Sequence[str]) -> tuple[int, int]:
    return sum(one == other for one, other in zip(said, true, strict=True)), len(true)


def roc_auc(scores: Sequence[float] | Array, positive: Sequence[bool] | Array) -> float | None:
    """Return the share of pairs of a positive and another in which the positive scores higher; a tie counts half.

    Mann and Whitney 1947. None where one side is empty.
    """
    values, wanted = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    ups, downs = int(wanted.sum()), int((~wanted).sum())
    if not ups or not downs:
        return None
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[where]
    return float((ranks[wanted].sum() - ups * (ups + 1) / 2) / (ups * downs))


@dataclass(frozen=True)
class Bin:
    """The judgements whose stated probability lies in one tenth: how many, the mean of it, how many were right."""

    low: float
    count: int
    stated: float
    right: int


def calibration(chances: Sequence[float] | Array, right: Sequence[bool] | Array) -> tuple[float, list[Bin]]:
    """Return the expected calibration error (Naeini 2015) over ten equal bins, and the bins that are not empty."""
    stated, hits = np.asarray(chances, dtype=np.float64), np.asarray(right, dtype=bool)
    places = np.minimum((stated * BINS).astype(int), BINS - 1)
    bins = [
        Bin(place / BINS, int(there.sum()), float(stated[there].mean()), int(hits[there].sum()))
        for place in range(BINS)
        if (there := places == place).any()
    ]
    error = sum(abs(each.right / each.count - each.stated) * each.count for each in bins) / max(1, len(stated))
    return float(error), bins


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def class_table(classes: Sequence[ByClass]) -> list[str]:
    """Return the rows of a table: class, precision, recall with their intervals, F1."""
    rows = [
        f"| {each.label} | {shown(each.right, each.said)} | {shown(each.right, each.there)} | {each.f1:.3f} |"
        for each in classes
    ]
    return ["| class | precision | recall | F1 |", "|---|---|---|---|", *rows]


def calibration_table(bins: Sequence[Bin]) -> list[str]:
    rows = [
        f"| {each.low:.1f} to {each.low + 1 / BINS:.1f} | {each.stated:.3f} | {shown(each.right, each.count)} |"
        for each in bins
    ]
    return ["| stated probability | its mean | right |", "|---|---|---|", *rows]
