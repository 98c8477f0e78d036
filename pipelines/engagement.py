"""The Engagement Quality Score: how a practice talks with people in public, from counts of what both sides did.

It takes six pairs of counts and nothing else, so no number of followers, likes or views can ever move it. Other weights
or targets are another version: it is added to `VERSIONS` with the month it holds from, the first of a year, and is
shown beside the one before in that month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from math import sqrt
from typing import Literal, NamedTuple, get_args

import msgspec

from pipelines.statistics import Z_95

Part = Literal["E1", "E2", "E3", "E4", "E5", "E6"]
Firmness = Literal["firm", "fair", "rough"]
PARTS: tuple[Part, ...] = get_args(Part)

# Without any evidence a part gets half its points: the prior weighs as much as two observations.
PRIOR = 2
# Half of the likely range, in points: up to which it is called firm, and up to which fair.
FIRM, FAIR = 6.0, 12.0


class Weight(NamedTuple):
    """What a part is worth at most, and the share at which it is worth that."""

    points: int
    target: float


class Version(NamedTuple):
    """The weights of all parts, together 100 points, in the months from `valid_from` on."""

    name: str
    valid_from: dt.date
    weights: Mapping[Part, Weight]


# The oldest first; the first holds for all months before the second.
VERSIONS = (
    Version(
        "1",
        dt.date.min,
        {
            "E1": Weight(25, 0.90),  # questions and complaints answered in time
            "E2": Weight(20, 0.40),  # conversations that went deep
            "E3": Weight(15, 0.40),  # people who came back
            "E4": Weight(15, 0.20),  # people who spoke for the practice
            "E5": Weight(15, 0.80),  # posts that help
            "E6": Weight(10, 0.40),  # acts that reach out
        },
    ),
)


class Engagement(msgspec.Struct, frozen=True, kw_only=True):
    """A score of 0 to 100 with its likely range, and the points of each part; `half_width` is not cut at 0 and 100."""

    score: float
    low: float
    high: float
    half_width: float
    points: dict[Part, float]

    @property
    def firmness(self) -> Firmness:
        return "firm" if self.half_width <= FIRM else "fair" if self.half_width <= FAIR else "rough"


def engagement_score(counts: Mapping[Part, tuple[int, int]], version: Version = VERSIONS[-1]) -> Engagement:
    """Return the score of (successes, trials) of all six parts; a part that is not known is (0, 0).

    Each share is drawn towards half its target by `PRIOR` observations, is worth its full points at the target and
    no more above it; the likely range is the normal one at 95% of the sum of the six independent shares.
    Raises ValueError unless all parts are there and 0 <= successes <= trials.
    """
    if counts.keys() != set(PARTS):
        raise ValueError(f"the score takes {', '.join(PARTS)}, not {', '.join(counts)}")
    points: dict[Part, float] = {}
    variance = 0.0
    for part, weight in version.weights.items():
        successes, trials = counts[part]
        if not 0 <= successes <= trials:
            raise ValueError(f"{part}: {successes} of {trials} is not a share")
        share = (PRIOR * weight.target / 2 + successes) / (PRIOR + trials)
        points[part] = weight.points * min(1.0, share / weight.target)
        variance += (weight.points / weight.target) ** 2 * share * (1 - share) / (PRIOR + trials + 1)
    score, half = sum(points.values()), Z_95 * sqrt(variance)
    return Engagement(
        score=score, low=max(0.0, score - half), high=min(100.0, score + half), half_width=half, points=points
    )
