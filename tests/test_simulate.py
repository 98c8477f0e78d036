"""`make simulate`: truths are what generated practices come to in the warehouse, and the page is of today's code."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.landing import DataDir
from tests import simulate, simulated
from tests.simulate import Claim, Rate, Rates
from tests.simulated import Manners, Setting, Site

GOOD, FAIR = simulate.GOOD, simulate.FAIR
LARGE = (
    Setting("falling", (Site((60.0,) * 26, (GOOD,) * 20 + (FAIR,) * 6, answered=0.8),)),
    Setting("attacked", (Site((60.0,) * 15, (GOOD,) * 15, burst=60),)),
    Setting(
        "mixing",
        (
            Site((90.0,) * 12 + (30.0,) * 12, (GOOD,) * 24, "healthgrades", "owner_export"),
            Site((30.0,) * 12 + (90.0,) * 12, (FAIR,) * 24, "zocdoc", "owner_export", answered=0.4),
        ),
    ),
    Setting("talking", manners=Manners(400, 400, 0.7, 0.27, 0.3, 0.13, 0.63, 0.3)),
    Setting("steady", (Site((15.0,) * 7, (GOOD,) * 7),)),
    Setting("exact", (Site((0.0,) * 12, (GOOD,) * 12, exactly=60),)),
)


def test_the_page_is_of_today_s_sql_and_statistics() -> None:
    [inputs] = re.findall(r"^Inputs: ([0-9a-f]{64})$", simulate.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert inputs == simulate.inputs_hash(), "run `make simulate`"


def test_the_page_has_nothing_worse_than_stated() -> None:
    page = simulate.PAGE.read_text(encoding="utf-8")
    assert "| WORSE |" not in page
    assert page.count("| holds |") > 40


@pytest.fixture(scope="module")
def rates(tmp_path_factory: pytest.TempPathFactory) -> Rates:
    return simulate.simulate(DataDir(tmp_path_factory.mktemp("simulated") / "data"), LARGE, 2, 1)


@pytest.mark.parametrize(
    ("name", "metric", "part", "within"),
    [
        ("falling", "reputation_score", "", 3),
        ("falling", "decayed_stars", "", 0.15),
        ("falling", "mean_stars", "", 0.6),
        ("falling", "low_share", "", 0.15),
        ("attacked", "reputation_score", "", 4),
        ("attacked", "reputation_score", "without the cluster", 4),
        ("mixing", "reputation_score_combined", "", 3),
        ("talking", "engagement_score", "", 5),
    ],
)
def test_with_much_evidence_the_warehouse_comes_to_the_truth(
    rates: Rates, name: str, metric: str, part: str, within: float
) -> None:
    away = rates["away", name, metric, part]
    assert away.of == 2
    assert max(map(abs, away.values)) < within


def test_what_happened_is_counted_as_it_was_generated(rates: Rates) -> None:
    assert rates["burst", "attacked", "cluster"].values == [1, 1]
    assert rates["repeated", "attacked"].values == [1, 1]
    assert rates["stars", "steady", "1", "no_clear_change"].of == 2
    assert rates["given", "exact", "reputation_score", ""].values == [1, 1]
    # A report of one site has the stars, low ratings and numbers of one month and of three to test.
    assert set(rates["tests", "steady"].values) == {6}


def test_a_truth_is_worked_out_from_rates_alone() -> None:
    steady = Site((5.0,) * 12, ((0.0, 0.0, 0.0, 0.0, 1.0),) * 12, answered=1.0)
    only_fives = replace(steady, stars=((0.0, 0.0, 0.5, 0.0, 0.5),) * 12)
    within = simulated.answered_within(only_fives, 168)
    assert simulated.true_reputation((only_fives,)) == pytest.approx(0.5 * 50 + 0.5 * 80 + 20 * within)
    # The year began with other rates; May to October are 184 days.
    changed = replace(steady, stars=(GOOD,) * 6 + (FAIR,) * 6)
    counted = [0.0] * 5
    for age, days in _ages(simulated.LAST_DAY, 365):
        for star, chance in enumerate(FAIR if age < 184 else GOOD):
            counted[star] += 5 / days * 0.5 ** (age / 180) * chance
    assert simulated.decayed_counts(changed, with_burst=False).tolist() == pytest.approx(counted)
    half = simulated.median_hours(replace(steady, answered=0.8))
    assert half is not None
    assert simulated.answered_within(replace(steady, answered=0.8), half) == pytest.approx(0.5)
    assert simulated.median_hours(replace(steady, answered=0.5)) is None


def _ages(last: dt.date, days: int) -> list[tuple[int, int]]:
    """Each age in days with the length of the month its day lies in."""
    found = []
    for age in range(days):
        day = last - dt.timedelta(days=age)
        following = dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)
        found.append((age, (following - day.replace(day=1)).days))
    return found


def test_engagement_beyond_its_target_is_worth_no_more() -> None:
    best = Manners(10, 10, 0.9, 0.4, 0.4, 0.2, 0.8, 0.4)
    assert simulated.true_engagement(best) == pytest.approx(100)
    assert simulated.true_engagement(replace(best, answered=1.0, deep=1.0)) == pytest.approx(100)
    assert simulated.true_engagement(replace(best, deep=0.2)) == pytest.approx(90)


def test_the_same_seed_makes_the_same_practices(tmp_path: Path) -> None:
    first, again, other = (DataDir(tmp_path / name) for name in "abc")
    for data, seed in ((first, 1), (again, 1), (other, 2)):
        simulated.write(data, LARGE[-2:], 2, seed)
    held = [data.features("google_business", simulated.NIGHT).read_bytes() for data in (first, again, other)]
    assert held[0] == held[1] != held[2]


@pytest.mark.parametrize(
    ("hits", "side", "bound", "outcome"),
    [
        (95, "at least", 0.92, "holds"),
        (90, "at least", 0.92, "within chance"),
        (70, "at least", 0.92, "WORSE"),
        (5, "at most", 0.10, "holds"),
        (14, "at most", 0.10, "within chance"),
        (40, "at most", 0.10, "WORSE"),
    ],
)
def test_worse_is_what_chance_does_not_explain(hits: int, side: str, bound: float, outcome: str) -> None:
    rate = Rate([1.0] * hits + [0.0] * (100 - hits))
    assert Claim("of a hundred", "3", side, bound, rate).outcome == outcome


def test_what_the_rules_measured_is_drawn_as_they_did_it() -> None:
    rates = simulate.drawn(1)
    assert {rate.of for rate in rates.values()} == {simulate.DRAWS}
    # The prior is kinder than a poor practice's truth and harder than an excellent one's.
    assert 4 < rates["away", "poor", "full weight"].share < 9
    assert rates["away", "excellent", "full weight"].share < 0
    assert 0.8 < rates["held", "poor", "full weight"].share < 0.99
    assert rates["fell", "good", "alone"].share < rates["spoke", "good", "alone"].share < 0.05
    assert 0.25 < rates["fell", "fell", "alone"].share == rates["spoke", "fell", "alone"].share
    assert 0.3 < rates["moved", "good", "alone"].share < 0.5


def test_a_test_alone_finds_at_least_what_the_report_says(rates: Rates) -> None:
    assert rates["stars", "falling", "1", "alone"].of == 2
    for setting in LARGE:
        for months in ("1", "3"):
            if setting.sites:
                alone, said = (rates["stars", setting.name, months, told] for told in ("fell alone", "fell"))
                assert all(a >= b for a, b in zip(alone.values, said.values, strict=True))
    # The family's adjustment has nothing to take from what fell as far as this.
    [_, fell] = [rates["stars", "attacked", "1", told].values for told in ("alone", "fell alone")]
    assert fell == [1, 1]


def test_the_stated_rows_of_lasting_changes_are_all_read() -> None:
    assert len(simulate.detector_rows()) == 18
    assert simulate.detector_rows()["good, 4.5 to 3.8", 15, "stars"][3] == 1


def test_what_is_worse_ends_with_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before = simulate.PAGE.read_bytes()
    bad = Claim("of a hundred", "3", "at least", 0.9, Rate([0.0] * 100))
    monkeypatch.setattr(simulate, "simulate", lambda *_: {})
    monkeypatch.setattr(simulate, "claims", lambda _: [bad])
    monkeypatch.setattr(simulate, "page", lambda *_: "a page")
    assert simulate.main(["--practices", "20"]) == 1
    assert "clearly worse than stated: of a hundred" in capsys.readouterr().err
    # A run of another size is no page.
    assert simulate.PAGE.read_bytes() == before
    monkeypatch.setattr(simulate, "claims", lambda _: [])
    assert simulate.main(["--practices", "20"]) == 0
