"""Every statistic against worked examples, an outside implementation, a slow obvious one, and its own laws."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines import statistics
from pipelines.settings import REPOSITORY
from pipelines.statistics import (
    Sustained,
    benjamini_hochberg,
    burst,
    count_test,
    decay,
    dirichlet_mean,
    effective_number,
    fisher_test,
    kaplan_meier,
    net_share,
    newcombe,
    permutation_test,
    poisson,
    probability_of_decline,
    sustained_change,
    wilson,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
SIX = 5.1e-7
COUNTS = st.lists(st.integers(0, 12), min_size=5, max_size=5)
FEW = st.lists(st.integers(0, 3), min_size=5, max_size=5)


@st.composite
def shares(draw: st.DrawFn, most: int = 60) -> tuple[int, int]:
    trials = draw(st.integers(0, most))
    return draw(st.integers(0, trials)), trials


def stars_of(counts: list[int]) -> list[int]:
    return [star for star, count in enumerate(counts, 1) for _ in range(count)]


@pytest.mark.parametrize("case", VECTORS["wilson"], ids=lambda case: f"{case['k']} of {case['n']}")
def test_wilson_is_as_worked_out(case: dict[str, Any]) -> None:
    assert wilson(case["k"], case["n"]) == pytest.approx((case["lo"], case["hi"]), abs=SIX)


@given(shares())
def test_wilson_holds_the_share_is_symmetric_and_is_scipy_s(share: tuple[int, int]) -> None:
    successes, trials = share
    low, high = wilson(successes, trials)
    assert 0 <= low <= high <= 1
    assert wilson(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    if trials:
        assert low <= successes / trials <= high
        bounds = stats.binomtest(successes, trials).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((bounds.low, bounds.high), abs=1e-12)


@given(shares(40))
def test_more_trials_with_the_same_share_narrow_the_interval(share: tuple[int, int]) -> None:
    successes, trials = share
    low, high = wilson(successes, trials)
    low_twice, high_twice = wilson(2 * successes, 2 * trials)
    assert high_twice - low_twice <= high - low


@pytest.mark.parametrize(("successes", "trials"), [(2, 1), (-1, 3)])
def test_what_is_no_share_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        wilson(successes, trials)
    with pytest.raises(ValueError, match="not shares"):
        fisher_test(1, 2, successes, trials)


# Garwood's own limits, as tables of the Poisson distribution print them.
@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (50, 37.111, 65.919)],
)
def test_what_is_to_be_expected_where_so_many_came_is_as_tables_have_it(count: int, low: float, high: float) -> None:
    assert poisson(count) == pytest.approx((low, high), abs=6e-4)


@given(st.integers(0, 3000))
def test_the_interval_of_a_count_is_that_of_chi_square(count: int) -> None:
    low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    assert poisson(count) == pytest.approx((low, stats.chi2.ppf(0.975, 2 * count + 2) / 2), rel=1e-9)


def test_the_interval_of_a_count_holds_the_truth_at_least_as_often_as_it_says() -> None:
    intervals = [poisson(count) for count in range(120)]
    for expected in np.arange(0.05, 40, 0.05):
        held = [count for count, (low, high) in enumerate(intervals) if low <= expected <= high]
        assert stats.poisson.pmf(held, expected).sum() >= 0.95


def test_a_count_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        poisson(-1)


@st.composite
def opposites(draw: st.DrawFn) -> tuple[int, int, int]:
    trials = draw(st.integers(1, 200))
    positive = draw(st.integers(0, trials))
    return positive, draw(st.integers(0, trials - positive)), trials


@given(opposites())
def test_the_interval_of_a_net_share_holds_it_turns_with_it_and_stays_within_bounds(
    parts: tuple[int, int, int],
) -> None:
    positive, negative, trials = parts
    low, high = net_share(positive, negative, trials)
    assert -1 <= low <= (positive - negative) / trials <= high <= 1
    assert net_share(negative, positive, trials) == pytest.approx((-high, -low), abs=1e-12)


def test_a_net_share_of_nothing_may_be_anything() -> None:
    assert net_share(0, 0, 0) == (-1.0, 1.0)


@pytest.mark.parametrize(("trials", "worst"), [(10, 0.890), (20, 0.928), (40, 0.930)])
def test_the_interval_of_a_net_share_holds_the_truth_as_often_as_it_says(trials: int, worst: float) -> None:
    """Over every outcome of each mix of the three: 95% and more on average, and nowhere far below.

    The table of docs/statistics.md. Without what it adds (Wald's) it would hold the truth in 40% of the worst mix.
    """
    outcomes = [(praise, blame) for praise in range(trials + 1) for blame in range(trials + 1 - praise)]
    bounds = np.array([net_share(praise, blame, trials) for praise, blame in outcomes])
    cells = np.array([(praise, blame, trials - praise - blame) for praise, blame in outcomes])
    held = []
    for up in np.arange(0, 1.001, 0.05):
        for down in np.arange(0, 1.001 - up, 0.05):
            chances = stats.multinomial.pmf(cells, trials, [up, down, max(0.0, 1 - up - down)])
            inside = (bounds[:, 0] <= up - down + 1e-12) & (up - down - 1e-12 <= bounds[:, 1])
            held.append(float(chances[inside].sum()))
    assert np.mean(held) >= 0.95
    assert min(held) >= worst


@pytest.mark.parametrize(("positive", "negative", "trials"), [(-1, 0, 3), (0, -1, 3), (2, 2, 3)])
def test_what_is_no_part_of_one_whole_is_refused(positive: int, negative: int, trials: int) -> None:
    with pytest.raises(ValueError, match="not parts"):
        net_share(positive, negative, trials)


@pytest.mark.parametrize("case", VECTORS["prop_change"], ids=str)
def test_a_difference_of_shares_is_as_worked_out(case: dict[str, Any]) -> None:
    assert newcombe(*case["prev"], *case["cur"]) == pytest.approx(case["newcombe95"], abs=SIX)
    assert fisher_test(*case["prev"], *case["cur"]) == pytest.approx(case["fisher_p"], abs=SIX)


def test_the_burst_s_mix_of_stars_is_as_worked_out() -> None:
    case = VECTORS["burst_star_shift"]
    assert fisher_test(*case["base_low"], *case["burst_low"]) == pytest.approx(case["fisher_p"], abs=1e-9)


@given(shares(), shares())
def test_newcombe_holds_the_difference_and_turns_with_it(before: tuple[int, int], now: tuple[int, int]) -> None:
    low, high = newcombe(*before, *now)
    assert -1 - 1e-12 <= low <= high <= 1 + 1e-12
    back = newcombe(*now, *before)
    assert (low, high) == pytest.approx((-back[1], -back[0]), abs=1e-12)
    if before[1] and now[1]:
        assert low <= now[0] / now[1] - before[0] / before[1] <= high


@given(shares(25), shares(25))
def test_fisher_is_scipy_s_and_does_not_know_which_came_first(before: tuple[int, int], now: tuple[int, int]) -> None:
    p = fisher_test(*before, *now)
    table = [[k, n - k] for k, n in (before, now)]
    assert p == pytest.approx(float(stats.fisher_exact(table).pvalue), rel=1e-9)
    assert p == fisher_test(*now, *before)
    assert 0 < p <= 1


@pytest.mark.parametrize("case", VECTORS["dirichlet"], ids=lambda case: str(case["counts_1to5"]))
def test_the_mean_behind_the_stars_is_as_worked_out(case: dict[str, Any]) -> None:
    clipped = (max(1.0, case["lo95"]), min(5.0, case["hi95"]))
    assert dirichlet_mean(case["counts_1to5"]) == pytest.approx((case["mean"], case["sd"], *clipped), abs=SIX)


def test_the_prior_is_as_worked_out() -> None:
    prior = VECTORS["dirichlet_prior"]
    assert list(statistics.STAR_PRIOR) == prior["pi0"]
    assert prior["C"] == statistics.PRIOR_REVIEWS
    assert dirichlet_mean([0] * 5)[0] == pytest.approx(prior["mean"])


@given(COUNTS)
def test_another_best_review_never_lowers_the_mean(counts: list[int]) -> None:
    mean, deviation, low, high = dirichlet_mean(counts)
    assert 1 <= low <= mean <= high <= 5
    assert deviation > 0
    assert dirichlet_mean([*counts[:4], counts[4] + 1])[0] > mean
    assert dirichlet_mean([counts[0] + 1, *counts[1:]])[0] < mean


def test_weights_take_the_place_of_counts() -> None:
    decayed = VECTORS["reputation_decayed"]["decayed_counts"]
    mean, _, _, _ = dirichlet_mean(decayed)
    total = 2 + sum(decayed)
    assert mean == pytest.approx((2 * 4.37 + sum(s * w for s, w in enumerate(decayed, 1))) / total)


@pytest.mark.parametrize("counts", [[1, 2, 3], [0, 0, 0, 0, -1]])
def test_what_is_no_count_of_stars_is_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="five numbers"):
        dirichlet_mean(counts)
    with pytest.raises(ValueError, match="five numbers"):
        permutation_test([1] * 5, counts)


@pytest.mark.parametrize("case", VECTORS["month_change"], ids=lambda case: case["name"])
def test_a_change_of_stars_is_as_worked_out(case: dict[str, Any]) -> None:
    before, now = case["prev"]["counts"], case["cur"]["counts"]
    assert permutation_test(before, now) == pytest.approx(case["perm_exact_two_sided_p"], abs=SIX)


@given(FEW, FEW)
@settings(max_examples=60)
def test_the_permutation_test_counts_every_choice(before: list[int], now: list[int]) -> None:
    everyone, chosen = stars_of(before) + stars_of(now), sum(now)
    if not chosen or chosen == len(everyone) or math.comb(len(everyone), chosen) > 20_000:
        return
    # The mean of a choice is as far from the mean of all as the sums are, times the same number.
    far = abs(sum(stars_of(now)) * len(everyone) - chosen * sum(everyone))
    sums = Counter(sum(choice) for choice in combinations(everyone, chosen))
    extreme = sum(n for s, n in sums.items() if abs(s * len(everyone) - chosen * sum(everyone)) >= far)
    assert permutation_test(before, now) == extreme / sums.total()


@given(COUNTS, COUNTS)
def test_the_permutation_test_does_not_know_which_came_first_nor_which_way_stars_run(
    before: list[int], now: list[int]
) -> None:
    p = permutation_test(before, now)
    assert 0 < p <= 1
    assert p == pytest.approx(permutation_test(now, before), rel=1e-12)
    assert p == pytest.approx(permutation_test(before[::-1], now[::-1]), rel=1e-12)


def test_nothing_to_compare_is_no_change() -> None:
    assert permutation_test([0] * 5, [1, 0, 0, 0, 9]) == 1
    assert permutation_test([1, 0, 0, 0, 9], [0] * 5) == 1
    assert permutation_test([0, 0, 0, 0, 9], [0, 0, 0, 0, 3]) == 1


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([30, 20, 40, 60, 80], [40, 30, 40, 50, 70]),
        ([30, 30, 40, 50, 50], [45, 40, 40, 40, 35]),
        ([25, 25, 25, 60, 100], [35, 30, 30, 50, 80]),
    ],
)
def test_beyond_counting_the_normal_limit_is_close(
    before: list[int], now: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "EXACT_UP_TO", 10_000)
    statistics._permutation_test.cache_clear()
    exact = permutation_test(before, now)
    monkeypatch.setattr(statistics, "EXACT_UP_TO", 0)
    statistics._permutation_test.cache_clear()
    assert permutation_test(before, now) == pytest.approx(exact, abs=0.002)
    statistics._permutation_test.cache_clear()


def test_a_large_practice_is_no_reason_to_wait() -> None:
    p = permutation_test([300, 200, 400, 600, 3000], [400, 200, 400, 600, 2900])
    assert 0 < p < 0.05


@pytest.mark.parametrize("case", VECTORS["p_decline"], ids=lambda case: str(case["cur"]))
def test_the_probability_of_a_decline_is_as_worked_out(case: dict[str, Any]) -> None:
    assert probability_of_decline(case["prev"], case["cur"]) == pytest.approx(case["p"], abs=5.1e-5)


@given(COUNTS, COUNTS)
def test_a_decline_one_way_is_a_rise_the_other(before: list[int], now: list[int]) -> None:
    assert probability_of_decline(before, now) + probability_of_decline(now, before) == pytest.approx(1)
    assert probability_of_decline(before, before) == pytest.approx(0.5)


@pytest.mark.parametrize("case", VECTORS["count_change"], ids=str)
def test_a_change_of_counts_is_as_worked_out(case: dict[str, Any]) -> None:
    assert count_test(*case["prev"], *case["cur"]) == pytest.approx(case["cond_binom_p"], abs=SIX)


@given(st.integers(0, 40), st.integers(1, 31), st.integers(0, 40), st.integers(1, 31))
def test_a_change_of_counts_is_scipy_s(count: int, days: int, count_now: int, days_now: int) -> None:
    p = count_test(count, days, count_now, days_now)
    assert p == pytest.approx(count_test(count_now, days_now, count, days), rel=1e-12)
    if count + count_now:
        outside = stats.binomtest(count_now, count + count_now, days_now / (days + days_now)).pvalue
        assert p == pytest.approx(outside, rel=1e-6)
    else:
        assert p == 1


@pytest.mark.parametrize("case", [(1, 0, 1, 30), (1, 30, -1, 30)])
def test_what_is_no_rate_is_refused(case: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least a day"):
        count_test(*case)


def test_several_p_values_are_adjusted_as_worked_out() -> None:
    case = VECTORS["bh"]
    adjusted = benjamini_hochberg(case["p"])
    assert adjusted == pytest.approx(case["p_adj_bh"], abs=SIX)
    assert [p <= 0.10 for p in adjusted] == case["q10_reject"]


@given(st.lists(st.floats(0, 1), max_size=30))
def test_adjusting_is_scipy_s_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = benjamini_hochberg(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    if p_values:
        assert adjusted == pytest.approx(stats.false_discovery_control(p_values).tolist())
    by_p = [after for _, after in sorted(zip(p_values, adjusted, strict=True))]
    assert by_p == sorted(by_p)


def test_the_median_wait_is_as_worked_out() -> None:
    case = VECTORS["km_latency_hours"]
    assert kaplan_meier(case["answered"], case["unanswered_age"]).half == case["median"]
    assert kaplan_meier(case["answered"], []).half == case["naive_median_answered_only"]


@given(st.lists(st.integers(0, 12), max_size=14), st.lists(st.integers(0, 12), max_size=14))
def test_half_and_nine_of_ten_wait_until_scipy_s_curve_crosses(answered: list[int], waiting: list[int]) -> None:
    found = kaplan_meier(answered, waiting)
    if not answered:
        assert found == (None, None)
        return
    curve = stats.ecdf(stats.CensoredData(uncensored=answered, right=waiting)).sf
    steps = [step for step in zip(curve.quantiles, curve.probabilities, strict=True) if step[0] in answered]
    for time, left in zip(found, (0.5, 0.1), strict=True):
        assert time == next((int(step) for step, share in steps if share <= left + 1e-9), None)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=25))
def test_without_waiting_ones_it_is_the_plain_lower_median(answered: list[int]) -> None:
    waits = kaplan_meier(answered, [])
    assert waits.half == sorted(answered)[(len(answered) - 1) // 2]
    assert waits.nine_of_ten == sorted(answered)[math.ceil(len(answered) * 9 / 10) - 1]


@given(st.lists(st.integers(0, 50), max_size=25), st.integers(26, 60))
def test_more_than_half_waiting_since_before_any_answer_has_no_median(answered: list[int], many: int) -> None:
    assert kaplan_meier(answered, [99] * many).half is None


def test_weights_by_age_are_as_worked_out() -> None:
    case = VECTORS["decay"]
    weights = [decay(age) for age in case["ages"]]
    assert case["H"] == statistics.HALF_LIFE_DAYS
    assert weights == pytest.approx(case["weights"], abs=SIX)
    assert sum(weights) == pytest.approx(case["sum_w"], abs=SIX)
    assert effective_number(sum(weights), sum(w * w for w in weights)) == pytest.approx(case["kish_neff"], abs=SIX)
    star_sum = sum(w * stars for w, stars in zip(weights, case["stars"], strict=True))
    assert star_sum / sum(weights) == pytest.approx(case["decayed_mean"], abs=SIX)
    with_prior = (10 * 4.2 + star_sum) / (10 + sum(weights))
    assert with_prior == pytest.approx(case["decayed_bayes_avg_mu0_4_2_C10"], abs=SIX)
    assert decay(1) == pytest.approx(math.exp(-case["lambda_per_day"]), abs=1e-9)


@given(st.integers(0, 800), st.integers(0, 800))
def test_older_weighs_less_and_the_future_no_more_than_today(age: int, later: int) -> None:
    assert decay(-age) == 1
    assert decay(age + later) == pytest.approx(decay(age) * decay(later))
    assert decay(age + 1) < decay(age)


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=30))
def test_the_effective_number_is_at_most_the_number(weights: list[float]) -> None:
    found = effective_number(sum(weights), sum(w * w for w in weights))
    assert found <= len(weights) + 1e-9
    assert effective_number(len(weights) * 0.3, len(weights) * 0.09) == pytest.approx(len(weights))
    assert effective_number(0, 0) == 0


@pytest.mark.parametrize("case", VECTORS["burst"], ids=lambda case: str(case["this_week"]))
def test_a_burst_is_as_worked_out(case: dict[str, Any]) -> None:
    found = burst(case["weekly_history"], case["this_week"])
    assert found.gamma_poisson == pytest.approx(case["gamma_poisson_predictive_tail"], rel=1e-3, abs=1e-9)
    assert found.negative_binomial == pytest.approx(case["negbin_mom_tail"], abs=1e-9)
    # Only nine after a calm history is one: twelve after a lumpy one and three after none are not.
    assert found.unusual == (case["this_week"] == 9 and case["mean"] < 1)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=14), st.integers(0, 40))
def test_the_chance_of_a_burst_is_scipy_s(weeks: list[int], now: int) -> None:
    found = burst(weeks, now)
    number, total = len(weeks), sum(weeks)
    outside = stats.nbinom.sf(now - 1, 0.5 + total, number / (number + 1))
    assert found.gamma_poisson == pytest.approx(float(outside), abs=1e-12)
    lumpy = number * sum(n * n for n in weeks) - total**2 > total * (number - 1)
    assert (found.negative_binomial is not None) == lumpy
    assert not (found.unusual and now < 5)
    if burst(weeks, now + 1).unusual is False:
        assert not found.unusual


@pytest.mark.parametrize(("weeks", "now"), [([3], 1), ([1, -1], 1), ([1, 1], -1)])
def test_what_is_no_history_of_weeks_is_refused(weeks: list[int], now: int) -> None:
    with pytest.raises(ValueError, match="two weeks before"):
        burst(weeks, now)


def sustained(base: list[int], months: list[list[int]]) -> Sustained | None:
    return sustained_change(
        sum(base), sum(v * v for v in base), len(base), [sum(month) for month in months], list(map(len, months))
    )


@given(st.lists(st.integers(1, 5), min_size=30, max_size=60), st.lists(st.lists(st.integers(1, 5), max_size=9)))
def test_a_lasting_change_turns_with_the_stars(base: list[int], months: list[list[int]]) -> None:
    found = sustained(base, months)
    turned = sustained([6 - v for v in base], [[6 - v for v in month] for month in months])
    assert (found is None) == (turned is None)
    if found and turned:
        assert found.months_ago == turned.months_ago
        assert {found.verdict, turned.verdict} == {"rose", "fell"}


def test_a_lasting_change_is_told_once_it_lasts_with_the_month_it_set_in() -> None:
    base = [5, 5, 4, 5, 4, 5, 3, 5, 5, 5] * 6
    usual, worse = [5, 5, 4, 5, 4, 5, 3, 5, 5, 5], [5, 4, 3, 5, 2, 4, 3, 5, 4, 3]
    assert sustained(base, [usual] * 6 + [worse]) is None
    assert sustained(base, [usual] * 6 + [worse] * 3) == Sustained("fell", 2)
    assert sustained(base, [usual] * 6 + [worse] * 5) == Sustained("fell", 4)
    # Months of a few reviews say nothing, neither way, and a base of a few or of one kind is none.
    assert sustained(base, [worse[:4]] * 12) is None
    assert sustained(base[:29], [worse] * 12) is None
    assert sustained([5] * 60, [worse] * 12) is None
    # Two bad months that are over for long are no lasting change.
    assert sustained(base, [worse] * 2 + [usual] * 10) is None


PRACTICES = {
    "good, 4.5 to 3.8": ((0.04, 0.03, 0.05, 0.13, 0.75), (0.15, 0.08, 0.1, 0.2, 0.47)),
    "mixed, 3.8 to 2.8": ((0.15, 0.08, 0.07, 0.2, 0.5), (0.35, 0.15, 0.1, 0.15, 0.25)),
    "poor, 2.7 to 2.8": ((0.4, 0.15, 0.1, 0.1, 0.25), (0.35, 0.15, 0.1, 0.15, 0.25)),
}


def year_of_reports(chance: random.Random, before: Any, after: Any, reviews: int, figure: str) -> list[bool]:
    """Whether each of twelve reports speaks of a change; the practice changes with the first of them."""
    months = []
    for month in range(36):
        number = max(0, round(chance.gauss(reviews, reviews**0.5)))
        stars = chance.choices(statistics.STARS, after if month >= 24 else before, k=number)
        months.append([int(star <= 2) for star in stars] if figure == "low ratings" else stars)
    return [
        sustained([value for month in months[now - 23 : now - 11] for value in month], months[now - 11 : now + 1])
        is not None
        for now in range(24, 36)
    ]


@pytest.mark.parametrize(("practice", "reviews"), [("good, 4.5 to 3.8", 15), ("mixed, 3.8 to 2.8", 6)])
@pytest.mark.parametrize("figure", ["stars", "low ratings"])
def test_how_often_a_lasting_change_is_told_is_what_the_document_says(practice: str, reviews: int, figure: str) -> None:
    text = (REPOSITORY / "docs" / "statistics.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {practice} | {reviews} | {figure} |")]
    false_year, false_report, in_six, in_twelve = (float(cell.strip(" %")) / 100 for cell in line.split("|")[4:8])
    before, after = PRACTICES[practice]
    chance = random.Random(11)
    same = [year_of_reports(chance, before, before, reviews, figure) for _ in range(300)]
    changed = [year_of_reports(chance, before, after, reviews, figure) for _ in range(300)]
    assert sum(map(any, same)) / 300 == pytest.approx(false_year, abs=0.05)
    assert sum(map(sum, same)) / 3600 == pytest.approx(false_report, abs=0.02)
    assert sum(any(year[:6]) for year in changed) / 300 == pytest.approx(in_six, abs=0.08)
    assert sum(map(any, changed)) / 300 == pytest.approx(in_twelve, abs=0.08)


# What a report never prints, with the reason why: the worked examples of the rules it follows instead.


def test_a_mean_with_a_strong_prior_would_flatter_a_bad_practice() -> None:
    for case in VECTORS["bayes_avg"]:
        stars = case["stars"]
        if isinstance(stars, str):
            stars = [int(star) for part in stars.split(",") for n, star in [part.split("x")] for _ in range(int(n))]
        assert (case["C"] * case["mu0"] + sum(stars)) / (case["C"] + len(stars)) == pytest.approx(case["out"], abs=SIX)
        # Ours is the same formula with the weight of two reviews and the mean of its prior.
        counts = [stars.count(star) for star in range(1, 6)]
        assert dirichlet_mean(counts)[0] == pytest.approx((2 * 4.37 + sum(stars)) / (2 + len(stars)))


def test_the_t_interval_leaves_the_scale_and_ours_does_not() -> None:
    for case in VECTORS["t_ci"]:
        stars = case["x"]
        deviation = float(np.std(stars, ddof=1))
        half = float(stats.t.ppf(0.975, len(stars) - 1)) * deviation / len(stars) ** 0.5
        assert (np.mean(stars) - half, np.mean(stars) + half) == pytest.approx(case["ci95"], abs=SIX)
        _, _, low, high = dirichlet_mean([stars.count(star) for star in range(1, 6)])
        assert low < high <= 5


def test_alerts_would_be_adjusted_more_strictly_still() -> None:
    case, lowest = VECTORS["bh"], 0.0
    holm = []
    for rank, p in enumerate(case["p"]):
        lowest = max(lowest, min(1.0, p * (len(case["p"]) - rank)))
        holm.append(lowest)
    assert holm == pytest.approx(case["p_adj_holm"])
    assert [p <= 0.05 for p in holm] == case["holm05_reject"]
    assert all(strict >= ours for strict, ours in zip(holm, benjamini_hochberg(case["p"]), strict=True))


def test_a_cluster_passes_holm_among_as_many_weeks_as_the_page_says() -> None:
    # The lowest step of Holm is the strictest: the smallest of so many p-values, times how many there are.
    most = math.floor(0.05 / statistics.BURST_CHANCE)
    assert most == 50
    text = (REPOSITORY / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert f"among up to {most} weeks" in " ".join(text.split())
    for week in range(5, 60):
        chance = statistics.burst([1, 0, 2, 1, 0, 1, 1, 0, 2, 0, 1, 1], week)
        assert not chance.unusual or most * chance.gamma_poisson <= 0.05


def test_the_page_states_how_often_many_tests_give_a_false_alarm() -> None:
    text = (REPOSITORY / "docs" / "statistics.md").read_text(encoding="utf-8")
    month, year = (1 - 0.95**tests for tests in (8, 8 * 12))
    assert f"{100 * month:.1f}% of months" in text
    assert f"{100 * year:.1f}% of years" in text


def test_a_year_s_season_can_be_chance() -> None:
    case = VECTORS["season"]
    counts = case["counts"]
    assert [count * 12 / sum(counts) for count in counts] == pytest.approx(case["index"], abs=5.1e-5)
    assert float(stats.chisquare(counts).pvalue) == pytest.approx(case["chi2_p"], abs=5.1e-6)


def test_none_of_a_few_leaves_room_for_many() -> None:
    for case in VECTORS["rule_of_three"]:
        exact = float(stats.binomtest(0, case["n"], alternative="less").proportion_ci(method="exact").high)
        assert exact == pytest.approx(case["upper95_exact"], abs=SIX)
        assert case["three_over_n"] == pytest.approx(3 / case["n"])
        # The score interval is two-sided, so it reaches about as far as one-sided three in n.
        assert wilson(0, case["n"])[1] > 0.9 * exact


def test_many_tests_without_an_adjustment_raise_false_alarms() -> None:
    for case in VECTORS["fwer"]:
        assert 1 - 0.95 ** case["tests"] == pytest.approx(case["p_any_false_alarm_at_05"], abs=SIX)
    # Adjusted, a report of eight tests of nothing speaks in at most one of ten months.
    chance = random.Random(1)
    spoken = sum(min(benjamini_hochberg([chance.random() for _ in range(8)])) <= 0.10 for _ in range(2000))
    assert spoken / 2000 == pytest.approx(0.10, abs=0.02)


def test_how_many_reviews_a_mean_needs() -> None:
    for case in VECTORS["n_needed"]:
        assert math.ceil((statistics.Z_95 * case["sd"] / case["half_width"]) ** 2) == case["n"]


def test_a_hidden_cell_can_be_worked_out_from_a_total() -> None:
    """Why topics have no total: one review may be in several, and there is nothing to subtract from."""
    case = VECTORS["suppress"]
    shown = {name: n for name, n in case["row"].items() if name != "total"}
    primary = [name for name, n in shown.items() if 0 < n < case["k"]]
    assert primary == case["primary"]
    assert case["row"]["total"] - sum(n for name, n in shown.items() if name not in primary) == shown[primary[0]]
    next_smallest = min((n, name) for name, n in shown.items() if name not in primary)[1]
    assert [next_smallest] == case["complementary"]


def test_every_kind_of_worked_example_is_taken_by_a_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert not [name for name in VECTORS if f'["{name}"]' not in tests]


@given(
    st.lists(st.integers(0, 40), max_size=20),
    st.lists(st.integers(0, 40), min_size=1, max_size=20),
    st.data(),
)
def test_answering_one_that_waits_never_makes_the_times_worse(
    answered: list[int], waiting: list[int], data: st.DataObject
) -> None:
    """However long it had waited: an average of the answered alone would take the oldest for the slowest."""
    late = data.draw(st.sampled_from(waiting))
    left = list(waiting)
    left.remove(late)
    before, after = kaplan_meier(answered, waiting), kaplan_meier([*answered, late], left)
    for was, now in zip(before, after, strict=True):
        assert was is None or (now is not None and now <= was)
