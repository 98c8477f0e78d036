"""The Reputation Score against its worked examples, and the laws it must keep whatever the reviews are."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.build import SQL
from pipelines.engagement import PARTS
from pipelines.engagement import VERSIONS as QUALITY_VERSIONS
from pipelines.engagement import Version as QualityVersion
from pipelines.scores import VERSIONS, Reputation, Version, reputation
from pipelines.statistics import decay, rates_and_mix

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
COUNTS = st.lists(st.integers(0, 60), min_size=5, max_size=5)
FOUR = 5.1e-5


@st.composite
def practices(draw: st.DrawFn) -> tuple[list[int], int, int]:
    """Counts of 1 to 5 stars of one site, how many critical ones were answered, and how many there were to answer."""
    counts = draw(COUNTS)
    critical = draw(st.integers(0, sum(counts[:3])))
    return counts, draw(st.integers(0, critical)), critical


def of_one_site(counts: list[int], answered: float, critical: float) -> Reputation:
    return reputation([counts], [1.0], answered, critical)


def with_one_more(counts: list[int], stars: int) -> list[int]:
    return [count + (star == stars) for star, count in enumerate(counts, 1)]


@pytest.mark.parametrize("name", VECTORS["reputation"])
def test_a_score_is_as_worked_out(name: str) -> None:
    case = VECTORS["reputation"][name]
    sites = case["inputs"]["sites"]
    weights = case["inputs"]["weights"] or dict.fromkeys(sites, 1.0)
    found = reputation(list(sites.values()), [weights[site] for site in sites], *case["inputs"]["answered"])
    assert found.score == pytest.approx(case["score"], abs=FOUR)
    assert (found.low, found.high) == pytest.approx((case["lo"], case["hi"]), abs=FOUR)
    assert sum(found.level) + sum(found.content) == pytest.approx(case["star_points"], abs=FOUR)
    assert found.answers == pytest.approx(case["answer_points"], abs=FOUR)
    for site, level, content in zip(sites, found.level, found.content, strict=True):
        of_80 = case["per_site"][site]["points_of_80"]
        assert level + content == pytest.approx(of_80 * weights[site], abs=FOUR)


def test_a_score_of_reviews_by_their_age_is_as_worked_out() -> None:
    case = VECTORS["reputation_decayed"]
    counts = [sum(decay(age) for age, stars in case["reviews_age_star"] if stars == wanted) for wanted in range(1, 6)]
    assert counts == pytest.approx(case["decayed_counts"], abs=5.1e-7)
    answered, critical = decay(20), decay(20) + decay(200)
    assert (answered, critical) == pytest.approx(case["answered_decayed"], abs=5.1e-7)
    found = reputation([counts], [1.0], answered, critical)
    assert (found.score, found.low, found.high) == pytest.approx((case["score"], case["lo"], case["hi"]), abs=FOUR)


def test_what_one_review_does_is_as_worked_out() -> None:
    case = VECTORS["rep_influence"]
    base = [3, 1, 2, 6, 38]
    assert of_one_site(base, 4, 6).score == pytest.approx(case["base"], abs=FOUR)
    assert of_one_site(with_one_more(base, 5), 4, 6).score == pytest.approx(case["plus_one_5"], abs=FOUR)
    assert of_one_site(with_one_more(base, 1), 4, 7).score == pytest.approx(case["plus_one_1_unanswered"], abs=FOUR)


@given(practices(), st.lists(COUNTS, max_size=2), st.integers(1, 9))
def test_the_largest_move_is_that_of_the_worst_and_the_best_that_one_review_can_do(
    practice: tuple[list[int], int, int], others: list[list[int]], tenths: int
) -> None:
    counts, answered, critical = practice
    sites = [counts, *others]
    weights = [tenths / 10, *((1 - tenths / 10) / len(others) for _ in others)] if others else [1.0]
    now = reputation(sites, weights, answered, critical)
    moves = []
    for place, site in enumerate(sites):
        for star in range(1, 6):
            more = [*sites[:place], with_one_more(site, star), *sites[place + 1 :]]
            answers = [(answered, critical + 1), (answered + 1, critical + 1)] if star <= 3 else [(answered, critical)]
            moves += [abs(reputation(more, weights, *answer).score - now.score) for answer in answers]
    assert now.largest_move == pytest.approx(max(moves), abs=1e-9)


def test_the_points_of_each_number_of_stars_are_as_worked_out() -> None:
    for stars, points in enumerate(VECTORS["reputation_values_per_star"], 1):
        found = of_one_site(with_one_more([0] * 5, stars), 0, 0)
        prior = sum(
            share * value for share, value in zip((0.16, 0.06, 0.1, 0.24, 1.44), (0, 15, 50, 65, 80), strict=True)
        )
        assert 3 * (found.level[0] + found.content[0]) == pytest.approx(prior + points)


def test_nothing_that_can_be_bought_is_an_argument() -> None:
    assert list(inspect.signature(reputation).parameters) == ["counts", "weights", "answered", "critical", "version"]


@pytest.mark.parametrize("versions", [VERSIONS, QUALITY_VERSIONS])
def test_a_version_gives_a_hundred_points_from_a_month_on(versions: Sequence[Version | QualityVersion]) -> None:
    assert [version.valid_from for version in versions] == sorted({version.valid_from for version in versions})
    assert versions[0].valid_from == dt.date.min
    # Weights do not change within a year.
    assert all((version.valid_from.month, version.valid_from.day) == (1, 1) for version in versions)
    for version in versions:
        if isinstance(version, Version):
            assert version.level + version.content + version.answers == 100
        else:
            assert sum(weight.points for weight in version.weights.values()) == 100
            assert tuple(version.weights) == PARTS


@pytest.mark.parametrize("metric", ["reputation_score", "reputation_score_combined", "engagement_score"])
def test_the_entry_of_a_score_is_of_its_newest_version(metric: str) -> None:
    entry = (SQL / "models" / "metrics" / f"{metric}.yml").read_text(encoding="utf-8")
    newest = (QUALITY_VERSIONS if metric == "engagement_score" else VERSIONS)[-1].name
    assert f'score_version: "{newest}"' in entry


@given(practices())
def test_a_score_and_its_range_stay_between_0_and_100(practice: tuple[list[int], int, int]) -> None:
    found = of_one_site(*practice)
    assert 0 <= found.low <= found.score <= found.high <= 100
    assert found.score == pytest.approx(sum(found.level) + sum(found.content) + found.answers)


@given(practices())
def test_ten_times_the_same_narrows_the_range(practice: tuple[list[int], int, int]) -> None:
    counts, answered, critical = practice
    assume(sum(counts))
    one = of_one_site(counts, answered, critical)
    ten = of_one_site([10 * count for count in counts], 10 * answered, 10 * critical)
    assume(one.low > 0 and one.high < 100 and ten.low > 0 and ten.high < 100)
    # A range that was narrow by the prior alone may widen where evidence is divided; ten reviews have left it behind.
    assume(sum(counts) >= 10 and critical >= 2 and 0 < answered < critical)
    assert ten.high - ten.low < one.high - one.low


@given(practices())
def test_better_reviews_and_answers_never_lower_it_and_worse_ones_never_raise_it(
    practice: tuple[list[int], int, int],
) -> None:
    counts, answered, critical = practice
    score = of_one_site(counts, answered, critical).score
    assert of_one_site(with_one_more(counts, 5), answered, critical).score > score - 1e-9
    assert of_one_site(with_one_more(counts, 1), answered, critical).score < score + 1e-9
    assert of_one_site(counts, answered, critical + 1).score < score
    if answered < critical:
        assert of_one_site(counts, answered + 1, critical).score > score
    for star in range(1, 5):
        if counts[star - 1]:
            better = with_one_more(counts, star + 1)
            better[star - 1] -= 1
            assert of_one_site(better, answered, critical).score > score


@pytest.mark.parametrize(("reviews", "most"), [(10, 14.0), (15, 12.4), (30, 10.4), (60, 9.3)])
@given(practice=practices(), stars=st.integers(1, 5))
def test_one_review_moves_it_no_further_than_is_stated(
    reviews: int, most: float, practice: tuple[list[int], int, int], stars: int
) -> None:
    """The worst case is a practice of nothing but fives that gets its first complaint and does not answer it."""
    counts, answered, critical = practice
    counts[4] += max(0, reviews - sum(counts))
    before = of_one_site(counts, answered, critical).score
    after = of_one_site(with_one_more(counts, stars), answered, critical + (stars <= 3)).score
    assert abs(after - before) <= most + 0.05


@given(practices(), practices(), st.integers(0, 10))
def test_the_order_of_sites_does_not_matter(
    one: tuple[list[int], int, int], other: tuple[list[int], int, int], tenths: int
) -> None:
    answers = one[1] + other[1], one[2] + other[2]
    there = reputation([one[0], other[0]], [tenths / 10, 1 - tenths / 10], *answers)
    back = reputation([other[0], one[0]], [1 - tenths / 10, tenths / 10], *answers)
    assert (there.score, there.low, there.high) == pytest.approx((back.score, back.low, back.high), abs=1e-9)


def test_a_changing_mix_of_sites_does_not_move_it() -> None:
    """Both sites rose while the pooled mean fell, because more people wrote on the stricter one."""
    case = VECTORS["simpson"]
    (n_a, mean_a), (n_b, mean_b) = case["prev"].values()
    (now_a, mean_now_a), (now_b, mean_now_b) = case["cur"].values()
    weights = list(case["weights"].values())
    before, now = n_a / (n_a + n_b), now_a / (now_a + now_b)
    assert before * mean_a + (1 - before) * mean_b == pytest.approx(case["pooled_prev"])
    assert now * mean_now_a + (1 - now) * mean_now_b == pytest.approx(case["pooled_cur"])
    assert weights[0] * mean_a + weights[1] * mean_b == pytest.approx(case["std_prev"])
    assert weights[0] * mean_now_a + weights[1] * mean_now_b == pytest.approx(case["std_cur"])
    rates, mix = rates_and_mix(list(case["prev"].values()), list(case["cur"].values()))
    assert (rates, mix) == pytest.approx((case["kitagawa_rate_effect"], case["kitagawa_mix_effect"]))
    assert rates + mix == pytest.approx(case["pooled_cur"] - case["pooled_prev"])
    with pytest.raises(ValueError, match="at both times"):
        rates_and_mix([(0, 0.0)], [(3, 4.0)])
    # Counts with those very means: 40 and 10 reviews, then 20 and 30.
    was = reputation([[0, 0, 0, 8, 32], [1, 1, 3, 2, 3]], weights, 0, 0)
    is_now = reputation([[0, 0, 0, 3, 17], [3, 3, 7, 7, 10]], weights, 0, 0)
    assert is_now.score > was.score


@pytest.mark.parametrize(
    ("counts", "weights", "answered", "critical", "said"),
    [
        ([], [], 0, 0, "five counts and one weight"),
        ([[1, 2, 3]], [1.0], 0, 0, "five counts"),
        ([[1] * 5], [0.5, 0.5], 0, 0, "one weight for each site"),
        ([[1] * 5], [0.9], 0, 0, "add up to 1"),
        ([[1] * 5, [1] * 5], [1.5, -0.5], 0, 0, "negative"),
        ([[1, 1, 1, 1, -1]], [1.0], 0, 0, "negative"),
        ([[1] * 5], [1.0], 2, 1, "than there was to answer"),
        ([[1] * 5], [1.0], -1, 1, "than there was to answer"),
    ],
)
def test_what_is_no_evidence_is_refused(
    counts: list[list[int]], weights: list[float], answered: float, critical: float, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        reputation(counts, weights, answered, critical)


@pytest.mark.parametrize(("times", "words"), [(1, "rough"), (3, "fair"), (30, "firm")])
def test_how_sure_is_said_in_words(times: int, words: str) -> None:
    found = of_one_site([times * count for count in (2, 1, 1, 2, 8)], 2 * times, 4 * times)
    assert found.words == words
    half = (found.high - found.low) / 2
    assert (half <= 6) == (words == "firm")
    assert (half > 12) == (words == "rough")


@given(practices())
def test_the_words_are_those_of_the_range(practice: tuple[list[int], int, int]) -> None:
    found = of_one_site(*practice)
    assume(found.low > 0 or found.high < 100)
    half = max(found.score - found.low, found.high - found.score)
    assert found.words == ("firm" if half <= 6 else "fair" if half <= 12 else "rough")


def test_a_range_is_cut_at_both_ends_of_the_scale() -> None:
    assert of_one_site([60, 0, 0, 0, 0], 0, 60).low == 0
    assert of_one_site([0, 0, 0, 0, 3], 0, 0).high == 100
