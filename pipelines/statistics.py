"""Intervals, change tests and medians: the one implementation of each statistic that any figure is made with.

SQL calls these very functions (`sql_functions.py`), so a figure cannot have two last digits. Whatever decides
between two outcomes is compared in integers, so a tie is never lost to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import comb, erf, erfc, exp, gcd, lgamma, log, sqrt
from typing import NamedTuple, TypeVar

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
# A review counts half after so many days.
HALF_LIFE_DAYS = 180
# Gamma prior of a weekly rate: next to nothing is assumed of a site without reviews.
RATE_PRIOR_SHAPE = 0.5
BURST_FROM = 5
BURST_CHANCE = 0.001
# The detector of lasting changes: months of the base and most months watched after it, the reviews both need, the
# slack a month has for free and the sum at which it speaks, in standard deviations of a month.
BASE_MONTHS = 12
FEWEST_WATCHED_MONTHS = 3
FEWEST_BASE_REVIEWS = 30
FEWEST_MONTH_REVIEWS = 5
SLACK = 0.5
ALARM_AT = 7.0


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


def poisson(count: int) -> tuple[float, float]:
    """Return the exact 95% interval of the number to be expected where so many came (Garwood 1936).

    Of its low end as many or more, and of its high end as many or fewer, come with a chance of 2.5%; the low end of
    none is 0. Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError("a count is not negative")
    widest = count + 10 + 10 * sqrt(count)
    low = _expected_where(count - 1, 0.975, 0.0, float(count)) if count else 0.0
    return low, _expected_where(count, 0.025, float(count), widest)


def _expected_where(count: int, chance: float, low: float, high: float) -> float:
    """Return the number to be expected, between two others, of which `count` or fewer come with this chance."""
    while low < (middle := (low + high) / 2) < high:
        # Added up from the most events down, each chance from the one before.
        of_number, at_most = exp(count * log(middle) - middle - lgamma(count + 1)), 0.0
        for number in range(count, -1, -1):
            at_most += of_number
            of_number *= number / middle
        if at_most > chance:
            low = middle
        else:
            high = middle
    return low


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


def net_share(positive: int, negative: int, trials: int) -> tuple[float, float]:
    """Return the 95% interval of the share of one answer less that of its opposite, within -1..1; (-1, 1) without any.

    Both are of the same trials, of which some may be neither: the adjusted interval of Bonett and Price (2012) for two
    shares that exclude one another, which counts one more of each. Raises ValueError for counts that are no such parts.
    """
    if min(positive, negative) < 0 or positive + negative > trials:
        raise ValueError(f"{positive} and {negative} of {trials} are not parts of one whole")
    share, opposite = (positive + 1) / (trials + 2), (negative + 1) / (trials + 2)
    difference = share - opposite
    half = Z_95 * sqrt((share + opposite - difference * difference) / (trials + 2))
    return max(-1.0, difference - half), min(1.0, difference + half)


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


def rates_and_mix(before: Sequence[tuple[int, float]], now: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Return how much of a change in a mean over groups is due to the groups' own means, and how much to their mix.

    Each group is its size and its mean, in the same order. Both effects add up to the change (Kitagawa 1955). Raises
    ValueError where either time has nothing in it.
    """
    sizes = [sum(size for size, _ in groups) for groups in (before, now)]
    if min(sizes) <= 0:
        raise ValueError("a change needs something at both times")
    rates = mix = 0.0
    for (size, mean), (size_now, mean_now) in zip(before, now, strict=True):
        share, share_now = size / sizes[0], size_now / sizes[1]
        rates += (share + share_now) / 2 * (mean_now - mean)
        mix += (share_now - share) * (mean + mean_now) / 2
    return rates, mix


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
    if as_far == 0:
        return 1.0
    # Measured from the most frequent star, a sum of stars is the same however many of that star are among the chosen.
    *others, (most, usual) = sorted(zip(both, STARS, strict=True))
    few, many = (tuple((count, star - usual) for count, star in pair) for pair in (others[:2], others[2:]))
    # What the chosen must add up to, at most or at least, to be as far from their share as what was seen.
    low = (chosen * total - as_far) // everyone - usual * chosen
    high = -((-chosen * total - as_far) // everyone) - usual * chosen
    # One whole number holds the ways for every number taken side by side, so that they are added at once. None of
    # them is more than all the ways to take any of the others.
    unusual = everyone - most
    width = -(-(unusual + 1) // 64) * 64
    lowest, below = _ways_below(many, width)
    last = len(below) - 1
    extreme = [0] * (unusual + 1)
    for taken, stars, number in _ways(few):
        up_to = min(max(low - stars - lowest + 1, 0), last)
        from_on = min(max(high - stars - lowest, 0), last)
        extreme[taken] += number * (below[up_to] + below[last] - below[from_on])
    size = width // 8
    held = sum(ways << (taken * width) for taken, ways in enumerate(extreme)).to_bytes((unusual + 1) * size, "little")
    # The others are of the commonest star; each number of ways from the one before, as in `count_test`.
    fewest = max(0, chosen - most)
    of_usual, as_extreme = comb(most, chosen - fewest), 0
    for taken in range(fewest, min(unusual, chosen) + 1):
        as_extreme += of_usual * int.from_bytes(held[taken * size : (taken + 1) * size], "little")
        of_usual = of_usual * (chosen - taken) // (most - chosen + taken + 1)
    return as_extreme / comb(everyone, chosen)


def _ways(pair: tuple[tuple[int, int], ...]) -> list[tuple[int, int, int]]:
    """Return the ways to take reviews of two stars (count, value), as number taken, its sum, and in how many ways."""
    (count, value), (other_count, other_value) = pair
    others = [(more, more * other_value, comb(other_count, more)) for more in range(other_count + 1)]
    return [
        (taken + more, taken * value + stars, number * other)
        for taken, number in enumerate(comb(count, taken) for taken in range(count + 1))
        for more, stars, other in others
    ]


# Few, because each may hold some thousand long numbers.
@lru_cache(maxsize=256)
def _ways_below(pair: tuple[tuple[int, int], ...], width: int) -> tuple[int, list[int]]:
    """Return the lowest sum of `_ways`, and the ways with a sum below it, below the next, and so on to all of them.

    Each is a whole number of `width` bits for every number taken, none first.
    """
    ways = _ways(pair)
    lowest, highest = min(stars for _, stars, _ in ways), max(stars for _, stars, _ in ways)
    exactly = [0] * (highest - lowest + 1)
    for taken, stars, number in ways:
        exactly[stars - lowest] += number << (taken * width)
    return lowest, list(accumulate(exactly, initial=0))


@lru_cache(maxsize=65_536)
def fisher_test(successes: int, trials: int, successes_now: int, trials_now: int) -> float:
    """Return the exact two-sided p-value of a difference between two shares (Fisher 1935).

    Two-sided as the sum over all tables that are at most as likely as the one seen. Raises ValueError unless
    0 <= successes <= trials in both.
    """
    if not (0 <= successes <= trials and 0 <= successes_now <= trials_now):
        raise ValueError(f"{successes} of {trials} and {successes_now} of {trials_now} are not shares")
    both = successes + successes_now
    fewest = max(0, both - trials)
    # Each from the one before, as in `count_test`.
    ways = [comb(trials_now, fewest) * comb(trials, both - fewest)]
    for now in range(fewest, min(both, trials_now)):
        ways.append(ways[-1] * ((trials_now - now) * (both - now)) // ((now + 1) * (trials - both + now + 1)))
    seen = ways[successes_now - fewest]
    return sum(number for number in ways if number <= seen) / comb(trials + trials_now, both)


@lru_cache(maxsize=65_536)
def count_test(count: int, days: int, count_now: int, days_now: int) -> float:
    """Return the exact two-sided p-value of a difference between two rates of events per day.

    Given both counts together, the second is binomial with share days_now / (days + days_now) (Przyborowski and
    Wilenski 1940). Two-sided as in `fisher_test`. Raises ValueError for no days or a negative count.
    """
    if min(days, days_now) < 1 or min(count, count_now) < 0:
        raise ValueError("a rate needs at least a day and a count that is not negative")
    both = count + count_now
    shared = gcd(days, days_now)
    before, after = days // shared, days_now // shared
    # Each from the one before: powers and binomials of their own would take most of the time.
    ways: list[int] = [before**both]
    for now in range(both):
        ways.append(ways[now] * (both - now) * after // ((now + 1) * before))
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


class Waits(NamedTuple):
    """The times by which half and nine of ten are answered; None where so many are not answered yet."""

    half: int | None
    nine_of_ten: int | None


def kaplan_meier(answered: Sequence[int], waiting: Sequence[int]) -> Waits:
    """Return how long half, and nine of ten, wait for an answer.

    `answered` holds times to the answer, `waiting` how long the unanswered ones have been watched, in one unit
    (Kaplan and Meier 1958). One that is still waiting at the very time of an answer counts as waiting then.
    """
    at_risk = len(answered) + len(waiting)
    times = sorted([(time, 0) for time in answered] + [(time, 1) for time in waiting])
    left, of = 1, 1
    half: int | None = None
    for index, (time, censored) in enumerate(times):
        if not censored:
            # The share still waiting, as a fraction of integers; several answers at one time need no extra care,
            # since (n-1)/n * (n-2)/(n-1) = (n-2)/n.
            risk = at_risk - index
            left, of = left * (risk - 1), of * risk
            if half is None and 2 * left <= of:
                half = time
            if 10 * left <= of:
                return Waits(half, time)
    return Waits(half, None)


def decay(age_days: int) -> float:
    """Return the weight of a review of that age, 1 on its day and half every `HALF_LIFE_DAYS`; 1 for the future."""
    return float(2.0 ** (-max(0, age_days) / HALF_LIFE_DAYS))


def effective_number(total: float, total_of_squares: float) -> float:
    """Return how many of equal weight are as many, from the sum of weights and of their squares (Kish 1965)."""
    return total * total / total_of_squares if total_of_squares else 0.0


class Burst(NamedTuple):
    """How likely a week with as many reviews or more was. `negative_binomial` is None where weeks are not lumpy."""

    gamma_poisson: float
    negative_binomial: float | None
    unusual: bool


def burst(weeks_before: Sequence[int], this_week: int) -> Burst:
    """Return whether a week has unusually many reviews, given the counts of the weeks before it.

    The chance of as many or more is the gamma-Poisson predictive one and, where the weeks before vary more than a
    Poisson rate does, that of the negative binomial with their mean and variance too; both have to be small. Raises
    ValueError for fewer than two weeks or a negative count.
    """
    if len(weeks_before) < 2 or min(*weeks_before, this_week) < 0:
        raise ValueError("a burst needs two weeks before it and counts that are not negative")
    weeks, total = len(weeks_before), sum(weeks_before)
    # The variance in integers, so that "lumpy or not" is never decided by rounding.
    squares = weeks * sum(count * count for count in weeks_before) - total * total
    predicted = _negative_binomial_tail(RATE_PRIOR_SHAPE + total, weeks / (weeks + 1), this_week)
    lumpy = None
    if squares > total * (weeks - 1):
        mean, variance = total / weeks, squares / (weeks * (weeks - 1))
        shape = mean * mean / (variance - mean)
        lumpy = _negative_binomial_tail(shape, shape / (shape + mean), this_week)
    unusual = this_week >= BURST_FROM and predicted < BURST_CHANCE and (lumpy is None or lumpy < BURST_CHANCE)
    return Burst(predicted, lumpy, unusual)


def _negative_binomial_tail(shape: float, success: float, count: int) -> float:
    """Return the chance of `count` failures or more before `shape` successes."""
    chance, below = success**shape, 0.0
    for number in range(count):
        below += chance
        chance *= (shape + number) / (number + 1) * (1 - success)
    return max(0.0, 1 - below)


class Sustained(NamedTuple):
    """A change that lasts: "rose" or "fell", and how many months ago it set in (0 for this month)."""

    verdict: str
    months_ago: int


def sustained_change(
    base_sum: int, base_squares: int, base_size: int, sums: Sequence[int], sizes: Sequence[int]
) -> Sustained | None:
    """Return whether months after a base have moved away from it for good, or None where they have not.

    `base_sum` and `base_squares` add up the values of the base's reviews, `sums` and `sizes` hold one sum and one
    number a month after it, oldest first. The tabular CUSUM (Page 1954) of each month's mean, less the base's, in
    standard deviations that know of the base's own error; months of fewer than `FEWEST_MONTH_REVIEWS` say nothing.
    Speaks only of a sum that stands above `ALARM_AT` in the last month. How often it does so of a practice that has
    not changed stands in docs/statistics.md.
    """
    spread = base_size * base_squares - base_sum * base_sum
    if base_size < FEWEST_BASE_REVIEWS or spread <= 0:
        return None
    mean, variance = base_sum / base_size, spread / (base_size * (base_size - 1))
    rose = fell = 0.0
    rose_since = fell_since = 0
    for month, (total, size) in enumerate(zip(sums, sizes, strict=True)):
        if size < FEWEST_MONTH_REVIEWS:
            continue
        away = (total / size - mean) / sqrt(variance * (1 / size + 1 / base_size))
        rose_since = month if rose == 0 else rose_since
        fell_since = month if fell == 0 else fell_since
        rose, fell = max(0.0, rose + away - SLACK), max(0.0, fell - away - SLACK)
    last = len(sums) - 1
    if rose >= ALARM_AT:
        return Sustained("rose", last - rose_since)
    return Sustained("fell", last - fell_since) if fell >= ALARM_AT else None


def _five(counts: Sequence[Number]) -> list[Number]:
    if len(counts) != len(STARS) or min(counts) < 0:
        raise ValueError("counts of 1, 2, 3, 4 and 5 stars are five numbers, none negative")
    return list(counts)
