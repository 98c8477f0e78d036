"""The Engagement Quality Score: worked examples, and what may and may not move it."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engagement import PARTS, VERSIONS, Part, engagement_score

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))["eqs"]
WEIGHTS = VERSIONS[-1].weights
Counts = dict[Part, tuple[int, int]]


@st.composite
def counts_of_all_parts(draw: st.DrawFn) -> Counts:
    trials = [draw(st.integers(0, 200)) for _ in PARTS]
    return {part: (draw(st.integers(0, n)), n) for part, n in zip(PARTS, trials, strict=True)}


def test_there_are_seven_worked_examples() -> None:
    assert len(VECTORS) == 7


@pytest.mark.parametrize("name", VECTORS)
def test_a_worked_example(name: str) -> None:
    vector = VECTORS[name]
    found = engagement_score({part: tuple(vector["inputs"][part]) for part in PARTS})
    assert found.score == pytest.approx(vector["score"], abs=5.1e-5)
    assert [found.low, found.high] == pytest.approx([vector["lo"], vector["hi"]], abs=5.1e-5)
    assert found.half_width == pytest.approx(1.959964 * vector["sd"], abs=2e-4)
    for part, told in vector["components"].items():
        assert found.points[part] == pytest.approx(told["points"], abs=5.1e-7)


def test_ten_times_the_evidence_narrows_the_range_and_hardly_moves_the_score() -> None:
    inputs = VECTORS["V2_typical_small_practice"]["inputs"]
    found = engagement_score({part: (10 * inputs[part][0], 10 * inputs[part][1]) for part in PARTS})
    assert [found.score, found.low, found.high] == pytest.approx([73.2361, 68.3443, 78.1278], abs=5.1e-5)
    assert found.firmness == "firm"


@pytest.mark.parametrize(
    ("name", "firmness"),
    [("V2_typical_small_practice", "rough"), ("V3_broadcaster_50k_followers", "firm"), ("V4_small_but_deep", "rough")],
)
def test_the_range_has_a_word(name: str, firmness: str) -> None:
    assert engagement_score({part: tuple(VECTORS[name]["inputs"][part]) for part in PARTS}).firmness == firmness


def test_between_firm_and_rough_is_fair() -> None:
    inputs = VECTORS["V2_typical_small_practice"]["inputs"]
    found = engagement_score({part: (3 * inputs[part][0], 3 * inputs[part][1]) for part in PARTS})
    assert 6 < found.half_width <= 12
    assert found.firmness == "fair"


def test_it_takes_six_pairs_of_counts_and_nothing_else() -> None:
    assert list(inspect.signature(engagement_score).parameters) == ["counts", "version"]
    with pytest.raises(ValueError, match="the score takes E1, E2, E3, E4, E5, E6"):
        engagement_score(dict.fromkeys(PARTS, (0, 0)) | {"followers": (0, 9)})  # type: ignore[arg-type]


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="E4"):
        engagement_score(dict.fromkeys(PARTS, (0, 0)) | {"E4": counts})


@given(counts_of_all_parts())
def test_it_stays_between_0_and_100(counts: Counts) -> None:
    found = engagement_score(counts)
    assert 0 <= found.low <= found.score <= found.high <= 100
    assert all(0 < found.points[part] <= weight.points for part, weight in WEIGHTS.items())


@given(counts_of_all_parts(), st.sampled_from(PARTS))
def test_one_success_more_never_lowers_it(counts: Counts, part: Part) -> None:
    successes, trials = counts[part]
    more = engagement_score(counts | {part: (successes + 1, max(trials, successes + 1))})
    same_trials = engagement_score(counts | {part: (successes, max(trials, successes + 1))})
    assert more.score >= same_trials.score
    if more.points[part] < WEIGHTS[part].points:
        assert more.score > same_trials.score


@given(counts_of_all_parts(), st.sampled_from(PARTS))
def test_one_failure_more_never_raises_it(counts: Counts, part: Part) -> None:
    successes, trials = counts[part]
    worse = engagement_score(counts | {part: (successes, trials + 1)})
    assert worse.points[part] <= engagement_score(counts).points[part]
    assert worse.points[part] < WEIGHTS[part].points or successes > trials * WEIGHTS[part].target
