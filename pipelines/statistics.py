"""Intervals, change tests and medians: the one implementation of each statistic that any figure is made with.

SQL calls these very functions (`sql_functions.py`), so a figure cannot have two last digits. Whatever decides
between two outcomes is compared in integers, so a tie is never lost to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb, erf, erfc, sqrt
from typing import TypeVar

Number = TypeVar("Number", int, float)

Z_95 = 1.959963984540054
STARS = (1, 2, 3, 4, 5)
# Shares of 1 to 5 stars that a practice is assumed to have before it has reviews: the J shape of published
# ratings of US doctors, with a mean of 4.37.
STAR_PRIOR = (0.08, 0.03, 0.05, 0.12, 0.72)
# The prior weighs as much as two reviews. With ten, a bad practice looks good for a year.
PRIOR_REVIEWS = 2.0
# How many reviews may differ from the most frequent star while every permutation is still counted (0.3 s at most,
# measured). With more than that the normal limit of the same distribution is within 0.002 of it.
EXACT_UP_TO = 250


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95% score interval of a share (Wilson 1927), within 0..1; (0, 1) without trials.

    Raises ValueError unless 0 <= successes <= trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is not a share")
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    square = Z_95 * Z_95
    scale = 1 + square / trials
    centre = (share + square / (2 * trials)) / scale
    half = Z_95 * sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / scale
    # At the ends the formula gives exactly 0 and 1; floating point misses them by a hair.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def newcombe(successes: int, trials: int, successes_now: int, trials_now: int) -> tuple[float, float]:
    """Return the 95% interval of the second share minus the first (Newcombe 1998, method 10), within -1..1."""
    low, high = wilson(successes, trials)
    low_now, high_now = wilson(successes_now, trials_now)
    share = successes / trials if trials else 0.5
    share_now = successes_now / trials_now if trials_now else 0.5
    difference = share_now - share
    return (
        difference - sqrt((share_now - low_now) ** 2 + (high - share) ** 2),
        difference + sqrt((high_now - share_now) ** 2 + (share - low) ** 2),
    )


def dirichlet_mean(counts: Sequence[float]) -> tuple[float, float, float, float]:
    """Return mean, standard deviation and 95% bounds (normal, clipped to 1..5) of the stars behind counts of 1..5.

    The posterior of a Dirichlet prior of `PRIOR_REVIEWS` reviews shared out as `STAR_PRIOR`. Counts may be weights.
    """
    weights = [PRIOR_REVIEWS * prior + count for prior, count in zip(STAR_PRIOR, _five(counts), strict=True)]
    total = sum(weights)
    mean = sum(star * weight for star, weight in zip(STARS, weights, strict=True)) / total
    square = sum(star * star * weight for star, weight in zip(STARS, weights, strict=True)) / total
    deviation = sqrt(max(0.0, square - mean * mean) / (total + 1))
    return mean, deviation, max(1.0, mean - Z_95 * deviation), min(5.0, mean + Z_95 * deviation)


def probability_of_decline(counts: Sequence[float], counts_now: Sequence[float]) -> float:
    """Return how likely the stars behind `counts_now` are lower than those behind `counts` (two normal posteriors)."""
    mean, deviation, _, _ = dirichlet_mean(counts)
    mean_now, deviation_now, _, _ = dirichlet_mean(counts_now)
    return (1 + erf((mean - mean_now) / sqrt(2 * (deviation**2 + deviation_now**2)))) / 2


def permutation_test(counts: Sequence[int], counts_now: Sequence[int]) -> float:
    """Return the exact two-sided p-value of a difference in mean stars between two sets of reviews.

    The permutation test (Fisher 1935; Pitman 1937) over every way to choose the second set from both, without
    sampling; its normal limit (Hoeffding 1951) where more than `EXACT_UP_TO` reviews are not of the commonest
    star. 1.0 if either set is empty.
    """
    return _permutation_test(tuple(_five(counts)), tuple(_five(counts_now)))


@lru_cache(maxsize=65_536)
def _permutation_test(counts: tuple[int, ...], counts_now: tuple[int, ...]) -> float:
    both = [before + now for before, now in zip(counts, counts_now, strict=True)]
    everyone, chosen = sum(both), sum(counts_now)
    if chosen in (0, everyone):
        return 1.0
    total = sum(star * count for star, count in zip(STARS, both, strict=True))
    observed = sum(star * count for star, count in zip(STARS, counts_now, strict=True))
    as_far = abs(observed * everyone - chosen * total)
    if everyone - max(both) > EXACT_UP_TO:
        squares = sum(star * star * count for star, count in zip(STARS, both, strict=True))
        spread = chosen * (everyone - chosen) * (everyone * squares - total * total) / (everyone - 1)
        # Sums of stars are whole numbers: half a star back makes the smooth curve meet the steps.
        return erfc(max(0.0, as_far - everyone / 2) / sqrt(2 * spread)) if spread else 1.0
    # The most frequent star comes last: what is still to be chosen then is of that star, without another loop.
    *others, (most, last) = sorted(zip(both, STARS, strict=True))
    # ways[taken, stars]: in how many ways `taken` of the reviews looked at so far add up to `stars`.
    ways = {(0, 0): 1}
    for count, star in others:
        choices = [comb(count, more) for more in range(count + 1)]
        longer: dict[tuple[int, int], int] = {}
        for (taken, stars), number in ways.items():
            for more in range(min(count, chosen - taken) + 1):
                place = (taken + more, stars + star * more)
                longer[place] = longer.get(place, 0) + number * choices[more]
        ways = longer
    extreme = 0
    for (taken, stars), number in ways.items():
        sum_of_chosen = stars + last * (chosen - taken)
        if chosen - taken <= most and abs(sum_of_chosen * everyone - chosen * total) >= as_far:
            extreme += number * comb(most, chosen - taken)
    return extreme / comb(everyone, chosen)


@lru_cache(maxsize=65_536)
def fisher_test(successes: int, trials: int, successes_now: int, trials_now: int) -> float:
    """Return the exact two-sided p-value of a difference between two shares (Fisher 1935).

    Two-sided as the sum over all tables that are at most as likely as the one seen. Raises ValueError unless
    0 <= successes <= trials in both.
    """
    if not (0 <= successes <= trials and 0 <= successes_now <= trials_now):
        raise ValueError(f"{successes} of {trials} and {successes_now} of {trials_now} are not shares")
    both = successes + successes_now
    possible = range(max(0, both - trials), min(both, trials_now) + 1)
    ways = {now: comb(trials_now, now) * comb(trials, both - now) for now in possible}
    return sum(number for number in ways.values() if number <= ways[successes_now]) / comb(trials + trials_now, both)


@lru_cache(maxsize=65_536)
def count_test(count: int, days: int, count_now: int, days_now: int) -> float:
    """Return the exact two-sided p-value of a difference between two rates of events per day.

    Given both counts together, the second is binomial with share days_now / (days + days_now) (Przyborowski and
    Wilenski 1940). Two-sided as in `fisher_test`. Raises ValueError for no days or a negative count.
    """
    if min(days, days_now) < 1 or min(count, count_now) < 0:
        raise ValueError("a rate needs at least a day and a count that is not negative")
    both = count + count_now
    ways: list[int] = [comb(both, now) * days_now**now * days ** (both - now) for now in range(both + 1)]
    return sum(number for number in ways if number <= ways[count_now]) / sum(ways)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for there being several, in the order given (Benjamini and Hochberg 1995)."""
    number = len(p_values)
    order = sorted(range(number), key=lambda i: p_values[i])
    adjusted = [1.0] * number
    lowest = 1.0
    for rank in range(number, 0, -1):
        lowest = min(lowest, p_values[order[rank - 1]] * (number / rank))
        adjusted[order[rank - 1]] = lowest
    return adjusted


def kaplan_meier_median(answered: Sequence[int], waiting: Sequence[int]) -> int | None:
    """Return the time by which half are answered, or None where more than half are not answered yet.

    `answered` holds times to the answer, `waiting` how long the unanswered ones have been watched, in one unit
    (Kaplan and Meier 1958). One that is still waiting at the very time of an answer counts as waiting then.
    """
    at_risk = len(answered) + len(waiting)
    times = sorted([(time, 0) for time in answered] + [(time, 1) for time in waiting])
    left, of = 1, 1
    for index, (time, censored) in enumerate(times):
        if not censored:
            # The share still waiting, as a fraction of integers; several answers at one time need no extra care,
            # since (n-1)/n * (n-2)/(n-1) = (n-2)/n.
            risk = at_risk - index
            left, of = left * (risk - 1), of * risk
            last_of_its_time = index + 1 == len(times) or times[index + 1] != (time, 0)
            if last_of_its_time and 2 * left <= of:
                return time
    return None


def _five(counts: Sequence[Number]) -> list[Number]:
    if len(counts) != len(STARS) or min(counts) < 0:
        raise ValueError("counts of 1, 2, 3, 4 and 5 stars are five numbers, none negative")
    return list(counts)
