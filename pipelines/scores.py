"""The Reputation Score: how many of 100 points a month's reviews and answers earn, and how sure that is.

Followers, likes, views and reach are no arguments of anything here, so they cannot move a score. What the weights and
the prior are is stated in the score's own entry in `sql/models/metrics/`. Other weights are another version: it is
added to `VERSIONS` with the month it holds from, the first of a year, and is shown beside the one before in that month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from pipelines.statistics import PRIOR_REVIEWS, STAR_PRIOR, STARS, Z_95

# Of critical reviews without any evidence, so many are taken to be answered, with the weight of one.
ANSWER_PRIOR = 0.8
FIRM_WITHIN = 6.0
FAIR_WITHIN = 12.0
# Below this nothing is printed: reviews in twelve months, and weight of all after decay.
FEWEST_REVIEWS = 10
LEAST_WEIGHT = 5


class Version(NamedTuple):
    """What the parts of the score are worth, together 100 points, in the months from `valid_from` on."""

    name: str
    valid_from: dt.date
    level: int
    content: int
    answers: int


# The oldest first; the first holds for all months before the second.
VERSIONS = (Version("1", dt.date.min, level=60, content=20, answers=20),)


class Reputation(NamedTuple):
    """A score of 0 to 100, its likely range, how far that reaches in words, and the points of each part.

    `level` and `content` hold one number a site, already weighted; `answers` is one for all. `largest_move` is by how
    many points one more review of full weight can move the score at most, once it is due for an answer.
    """

    score: float
    low: float
    high: float
    words: str
    level: tuple[float, ...]
    content: tuple[float, ...]
    answers: float
    largest_move: float


def reputation(
    counts: Sequence[Sequence[float]],
    weights: Sequence[float],
    answered: float,
    critical: float,
    version: Version = VERSIONS[-1],
) -> Reputation:
    """Return the Reputation Score of one site, or of several with fixed weights that add up to 1.

    `counts` holds the decayed counts of 1 to 5 stars of each site, `critical` the decayed number of reviews of three
    stars or fewer that could have been answered within a week, `answered` how much of it was, without saying too
    much. The range is 95% of a normal around the score, cut to 0..100. Raises ValueError for counts that are not five
    a site, for weights that do not add up, and unless 0 <= answered <= critical.
    """
    if len(counts) != len(weights) or not counts or any(len(site) != len(STARS) for site in counts):
        raise ValueError("a score needs five counts and one weight for each site")
    if min(weights) < 0 or abs(sum(weights) - 1) > 1e-6 or min(min(site) for site in counts) < 0:
        raise ValueError("weights add up to 1, and neither they nor counts are negative")
    if not 0 <= answered <= critical:
        raise ValueError("no more can be answered than there was to answer")
    level, content, variance = [], [], 0.0
    # What one more review can do to the answers: it is criticism that waits, or that is answered.
    share_answered = (ANSWER_PRIOR + answered) / (1 + critical)
    waiting = version.answers * ((ANSWER_PRIOR + answered) / (2 + critical) - share_answered)
    in_time = version.answers * ((ANSWER_PRIOR + answered + 1) / (2 + critical) - share_answered)
    moves = []
    for site, weight in zip(counts, weights, strict=True):
        posterior = [PRIOR_REVIEWS * prior + count for prior, count in zip(STAR_PRIOR, site, strict=True)]
        of_all = sum(posterior)
        stars = [version.level * (star - 1) / (STARS[-1] - 1) for star in STARS]
        values = [points + (version.content if star >= 3 else 0) for points, star in zip(stars, STARS, strict=True)]
        mean = sum(value * share for value, share in zip(values, posterior, strict=True)) / of_all
        square = sum(value * value * share for value, share in zip(values, posterior, strict=True)) / of_all
        variance += weight * weight * max(0.0, square - mean * mean) / (of_all + 1)
        level.append(weight * sum(points * share for points, share in zip(stars, posterior, strict=True)) / of_all)
        content.append(weight * version.content * sum(posterior[2:]) / of_all)
        worst, middle, best = (weight * (values[star - 1] - mean) / (of_all + 1) for star in (1, 3, 5))
        # The other stars and answers lie between these.
        moves += [abs(worst + waiting), abs(best), abs(middle + in_time)]
    variance += version.answers**2 * share_answered * (1 - share_answered) / (critical + 2)
    score = sum(level) + sum(content) + version.answers * share_answered
    half = Z_95 * sqrt(max(0.0, variance))
    return Reputation(
        score=score,
        low=max(0.0, score - half),
        high=min(100.0, score + half),
        words="firm" if half <= FIRM_WITHIN else "fair" if half <= FAIR_WITHIN else "rough",
        level=tuple(level),
        content=tuple(content),
        answers=version.answers * share_answered,
        largest_move=max(moves),
    )
