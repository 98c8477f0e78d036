"""Say how often the words and likely ranges are right: `make simulate` writes docs/simulation.md from generated truth.

It belongs to the tests: it needs their generated rows, and the programme that makes reports never needs it. Every
practice goes through the real build; what is read is what a report would print. The seed is fixed, so that the page is
the same each time, and whatever is clearly worse than stated ends the run with 1.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from scipy import stats

from pipelines import scores, statistics
from pipelines.build import build
from pipelines.landing import DataDir
from pipelines.settings import REPOSITORY
from pipelines.warehouse import open_warehouse, rows
from tests import simulated
from tests.simulated import MONTH, WEEK, Manners, Setting, Site, Stars, setting_of

PAGE = REPOSITORY / "docs" / "simulation.md"
DETECTOR = REPOSITORY / "docs" / "statistics.md"
SEED = 20_261_101
PRACTICES = 80
FEWEST_PRACTICES = 20
FEWEST_FOR_A_RATE = 15
# Of what needs no build.
DRAWS = 2_000
# What the SQL calls of `pipelines`.
CODE = ("statistics", "scores", "engagement", "sql_functions")
# A statement counts as missed beyond this interval: of sixty, a twentieth would be missed beyond 95% by chance alone.
SURE = 0.997
Key = tuple[str, ...]

GOOD: Stars = (0.05, 0.03, 0.05, 0.11, 0.76)
LESS_GOOD: Stars = (0.10, 0.05, 0.07, 0.11, 0.67)
FAIR: Stars = (0.20, 0.08, 0.10, 0.12, 0.50)
MIDDLING: Stars = (0.35, 0.10, 0.10, 0.10, 0.35)
POOR: Stars = (0.40, 0.15, 0.10, 0.10, 0.25)
EXCELLENT: Stars = (0.01, 0.01, 0.02, 0.08, 0.88)
POLARISED: Stars = (0.20, 0.0, 0.0, 0.0, 0.80)
# The practices of the table in docs/statistics.md.
DETECTED: dict[str, tuple[Stars, Stars]] = {
    "good, 4.5 to 3.8": ((0.04, 0.03, 0.05, 0.13, 0.75), (0.15, 0.08, 0.1, 0.2, 0.47)),
    "mixed, 3.8 to 2.8": ((0.15, 0.08, 0.07, 0.2, 0.5), (0.35, 0.15, 0.1, 0.15, 0.25)),
}
# The worked example of a year with a season, January first.
SEASON = (30, 24, 26, 22, 20, 18, 15, 14, 22, 25, 20, 12)
OF_STARS = frozenset({("mean_stars", ""), ("low_share", "")})
OF_NUMBER = frozenset({("reviews_received", "")})
WORDS = ("fell", "rose", "no_clear_change", "too_few")
SCORE = ("reputation_score", "")
TOPICS = ("bedside_manner", "facility_comfort", "global_recommend")


@dataclass(frozen=True)
class Verdict:
    """A kind of practice in the table of verdicts: what is right to say of its stars, one month and three months."""

    setting: Setting
    told: str
    right: str
    right_of_three: str


def _step(name: str, monthly: float, before: Stars, after: Stars, lasting: int = 1) -> Setting:
    """Seven months of one site whose stars changed with the last month, or the last few."""
    stars = (before,) * (7 - lasting) + (after,) * lasting
    return Setting(name, (Site((monthly,) * 7, stars),), changed=OF_STARS if before != after else frozenset())


def verdict_settings() -> list[Verdict]:
    none, fell, rose, few = "no_clear_change", "fell", "rose", "too_few"
    found = [
        Verdict(_step(f"good-{n}", n, GOOD, GOOD), f"stable at 4.50, {n} a month", none, none) for n in (6, 15, 40)
    ]
    found += [
        Verdict(_step(f"{name}-15", 15, stars, stars), f"stable at {mean:.2f}, 15 a month", none, none)
        for name, stars, mean in (("fair", FAIR, 3.64), ("poor", POOR, 2.65))
    ]
    for name, stars, mean, numbers in (
        ("less", LESS_GOOD, 4.20, (15, 40)),
        ("fell", FAIR, 3.64, (6, 15, 40)),
        ("far", MIDDLING, 3.00, (6, 15, 40)),
    ):
        found += [
            Verdict(_step(f"{name}-{n}", n, GOOD, stars), f"fell from 4.50 to {mean:.2f}, {n} a month", fell, fell)
            for n in numbers
        ]
    found += [
        Verdict(
            _step(f"lasting-{n}", n, GOOD, FAIR, lasting=3),
            f"fell from 4.50 to 3.64 three months ago, {n} a month",
            none,
            fell,
        )
        for n in (6, 15)
    ]
    found.append(Verdict(_step("rose-15", 15, FAIR, GOOD), "rose from 3.64 to 4.50, 15 a month", rose, rose))
    found.append(Verdict(_step("few-1", 1, GOOD, GOOD), "stable at 4.50, 1 a month", few, few))
    attack = Site((15.0,) * 15, (GOOD,) * 15, burst=12)
    praise = Site((15.0,) * 15, (FAIR,) * 15, burst=12, burst_stars=5)
    changed = OF_STARS | OF_NUMBER
    found += [
        Verdict(Setting("attacked", (attack,), changed=changed), "12 one-star reviews in a week", fell, fell),
        Verdict(Setting("praised", (praise,), changed=changed), "12 bought five-star reviews in a week", rose, rose),
    ]
    season = tuple(15 * SEASON[day.month - 1] * 12 / sum(SEASON) for day in Site((0,) * 36, (GOOD,) * 36).days[:-1])
    seasonal = Setting("seasonal", (Site(season, (GOOD,) * 36),), changed=OF_NUMBER)
    found.append(Verdict(seasonal, "stable at 4.50, numbers with a season", none, none))
    shift = [0.8 - 0.5 * n / 23 for n in range(24)]
    sites = (
        Site(tuple(25 * of for of in shift), (GOOD,) * 24, "healthgrades", "owner_export"),
        Site(tuple(25 * (1 - of) for of in shift), (FAIR,) * 24, "zocdoc", "owner_export", answered=0.4),
    )
    mixing = Setting("mixing", sites, changed=OF_NUMBER)
    found.append(Verdict(mixing, "two sites at 4.50 and 3.64, the mix shifting", none, none))
    return found


def family_settings() -> list[Setting]:
    """Two sites and six parts of topics: reports of many tests. Of one kind nothing changed, of the other two parts."""
    steady: dict[str, tuple[float, ...]] = {
        f"{topic}/{mood}": (0.35,) * 7 for topic in TOPICS for mood in ("positive", "negative")
    }
    moved = steady | {f"{TOPICS[0]}/negative": (0.35,) * 6 + (0.75,), f"{TOPICS[1]}/positive": (0.35,) * 6 + (0.05,)}
    parts = frozenset(("topic_mentions", part) for part in moved if moved[part] != steady[part])

    def both(praised: dict[str, tuple[float, ...]]) -> tuple[Site, ...]:
        return tuple(
            Site((15.0,) * 7, (GOOD,) * 7, name, "owner_export", praised=tuple(praised.items()))
            for name in ("healthgrades", "zocdoc")
        )

    return [Setting("many-stable", both(steady)), Setting("many-moved", both(moved), changed=parts)]


def detector_settings() -> list[tuple[Setting, str, int]]:
    """Three years of a practice, and of one that changed with the third: with the row of docs/statistics.md."""
    found = []
    for told, (before, after) in DETECTED.items():
        for n in (6, 15):
            name = f"{told.split(',', 1)[0]}-{n}"
            same = Site((n,) * 36, (before,) * 36, answered=0.0)
            changed = Site((n,) * 36, (before,) * 24 + (after,) * 12, answered=0.0)
            found.append((Setting(f"same-{name}", (same,)), told, n))
            found.append((Setting(f"changed-{name}", (changed,)), told, n))
    return found


KINDS: tuple[tuple[str, Stars, float], ...] = (
    ("excellent", EXCELLENT, 0.95),
    ("typical", GOOD, 0.8),
    ("polarised", POLARISED, 0.3),
    ("fair", FAIR, 0.6),
    # Its true score is 41, as that of the worked example of a strong prior.
    ("poor", POOR, 0.43),
)


def reputation_settings() -> list[tuple[Setting, str]]:
    return [
        (Setting(f"{age}-{name}-{n}", (Site((0,) * months, (stars,) * months, exactly=n, answered=answered),)), name)
        for name, stars, answered in KINDS
        for age, months, n in (("fresh", 2, 10), ("score", 12, 10), ("score", 12, 25), ("score", 12, 60))
    ]


def engagement_settings() -> list[tuple[Setting, str]]:
    def kinds(posts: int) -> list[tuple[str, Manners]]:
        return [
            ("typical", Manners(posts, posts, 0.70, 0.27, 0.30, 0.13, 0.63, 0.30)),
            ("broadcaster", Manners(2 * posts, posts, 0.05, 0.07, 0.08, 0.03, 0.13, 0.03)),
            ("small but deep", Manners(posts, posts, 0.96, 0.50, 0.50, 0.28, 0.90, 0.50)),
        ]

    return [
        (Setting(f"talk-{name.replace(' ', '-')}-{posts}", manners=manners), name)
        for posts in (12, 24, 60)
        for name, manners in kinds(posts)
    ]


def batches() -> tuple[list[Setting], list[Setting]]:
    """All settings, in two builds that take about as long as each other."""
    return (
        [each.setting for each in verdict_settings()] + family_settings(),
        [each[0] for each in detector_settings()] + [each[0] for each in reputation_settings() + engagement_settings()],
    )


HEAD = """# How often the words and the likely ranges are right

Written by `make simulate`; do not edit. {practices} practices of each kind are made from rates that are known, with
numbers of reviews as Poisson has them (seed {seed}), and go through the real build. What a report of October 2026 would
say is then held against the truth. Behind each share stands the simulation's own 95% interval.

The **truth** of a figure is its large-sample limit: what it would come to if the same rates went on without end. It is
worked out from the rates alone (`tests/simulated.py`), without the SQL and the formulas that it is a test of. For a
score of reviews that is 60 points for the star level and 20 for three stars or more, of the shares to which the
expected reviews of 24 months come when a day's count halves every 180 days, and 20 for the share of critical reviews
answered within a week; nothing is left of the prior. For two sites their weights are the shares of the reviews expected
in the year before. For engagement it is the points of the six true shares. A burst is part of the truth of the
headline, and no part of the truth of the figure without the cluster."""
STATED = """## Against what is stated

Sections 3 and 4 of the domain's rules state how often their own simulations were right, and
[statistics.md](statistics.md) how often lasting changes are told. "Within chance" is on the wrong side of the
statement, but the simulation's 99.7% interval still reaches it (with sixty statements a narrower one would miss some of
them by chance); WORSE is beyond it, and `make simulate` then ends with 1.

Like is held against like. What the rules say of one test alone (3.5) and of ten reviews of a poor practice (3.1, 4.4)
is drawn {draws:,} times as they did it, straight from the formulas: exactly fifteen reviews in both months, no other
test beside that of the stars, and ten reviews that count in full. What becomes of it in a report is our own figure:
numbers that are fifteen on average, the adjustment for all tests of a report ("in a report" among the powers), and
reviews that weigh less with age, of which the newest critical ones are not due for an answer yet ("fresh-…-10" and
"score-…-10" among the ranges: ten reviews of two months, or of a year)."""
DRAWN = """## Ten reviews that count in full

The score's formula alone, as the rules tried it. Their fifteen settings are not known one by one; of the polarised
practice here, a fifth one star and the rest five, the range holds the truth less often than the least they found."""
VERDICTS = """## Words of the average stars

What the month, or the last three months, are called beside as many before them. The right word is the true one: of the
practices whose average changed with the last month it is "fell" or "rose" for both views, of those that changed three
months ago only for the longer one. Of a small change "no clear change" is a cautious answer and not a false one."""
POWER = """## Power of the rule of change

How often a true fall is found: by the test of the stars alone (p below .05, five or more reviews in both, and 0.3 stars
or more), and as a report says it, after the adjustment for all its tests."""
RANGES = """## Likely ranges

How often a figure is given at all, how often its 95% range then holds the truth, how far the figure is from the truth
on average (below nothing: too low), and half the range."""
REPLIES = """Reply time (Kaplan and Meier 1958) has no range. If the median is neither too low nor too high on average,
half of the reports stand above the true one. Where half of the reviews at hand are not answered yet no median is given,
so that of practices that answer little only the shorter ones are:"""
LASTING = """## Changes that last, and bursts

Three years of reviews; a practice that changed did so with the first of the twelve reports looked at."""
WEEKS = """Weeks called unusual where nothing but chance (and, in the last row, the season) made them so:"""
BURSTS = (
    """And where twelve reviews in the same words came in one week of October, to fifteen usual ones in the month:"""
)
FAMILIES = """## Many tests in one report

All tests of a report are adjusted together (Benjamini and Hochberg 1995), at 10%. "Any false" is the share of reports
with a change where there is none; "false share" is the false part of the changes a report finds, on average, which the
adjustment promises to keep below 10%. "Said" is what is printed after the smallest changes are left out."""


class Rate:
    """What happened how often: zeros and ones, or shares between, one an independent practice or month."""

    def __init__(self, values: Sequence[float] = ()) -> None:
        self.values = list(values)

    @property
    def of(self) -> int:
        return len(self.values)

    @property
    def share(self) -> float:
        return sum(self.values) / self.of

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the simulation's own interval: Wilson's for zeros and ones, else the normal one of a mean."""
        if all(value in (0, 1) for value in self.values):
            found = stats.binomtest(round(sum(self.values)), self.of).proportion_ci(confidence, method="wilson")
            return float(found.low), float(found.high)
        spread = sqrt(sum((value - self.share) ** 2 for value in self.values) / (self.of - 1) / self.of)
        half = float(stats.norm.ppf((1 + confidence) / 2)) * spread
        return self.share - half, self.share + half


Rates = dict[Key, Rate]


def simulate(
    data: DataDir,
    settings: Iterable[Setting],
    practices: int,
    seed: int,
    say: Callable[[str], None] = lambda line: None,
) -> Rates:
    """Build a warehouse of so many practices of each setting, and return what it says right how often."""
    known = list(settings)
    everybody = simulated.write(data, known, practices, seed)
    build(data, everybody, None, say, threads=1)
    return measured(data, known, practices)


def measured(data: DataDir, settings: list[Setting], practices: int) -> Rates:
    """Return the rates of one warehouse, by what was measured and in which setting."""
    found: Rates = defaultdict(Rate)
    by_name = {setting.name: setting for setting in settings}

    def add(value: float, *key: str) -> None:
        found[key].values.append(value)

    with open_warehouse(data) as connection:
        of_month = rows(
            connection,
            "select * from reports.figures where month = $month and metric in ('mean_stars', 'low_share', "
            "'critical_reply_share', 'decayed_stars', 'reputation_score', 'reputation_score_combined', "
            "'engagement_score', 'reply_hours', 'repeated_texts') and part <> 'nine of ten' "
            "order by practice_id, site, metric, part",
            {"month": MONTH},
        )
        verdicts = rows(
            connection,
            "select * from reports.verdicts where month = $month order by practice_id, site, metric, part, months",
            {"month": MONTH},
        )
        changes = rows(
            connection,
            "select practice_id, metric, verdict, date_diff('month', month, $month::date) as ago "
            "from reports.sustained_changes where date_diff('month', month, $month::date) < 12 order by all",
            {"month": MONTH},
        )
        weeks = rows(
            connection,
            "select distinct practice_id, site, week, leaning from reports.bursts order by all",
        )
        # Weeks that have the twelve before them on record, a quiet one too.
        judged_weeks = rows(
            connection,
            "select practice_id, site, "
            "greatest(0, ($night + 1 - date_trunc('week', min(month) + interval 90 day)::date) // 7) as weeks "
            "from core.months group by practice_id, site order by all",
            {"night": simulated.NIGHT},
        )
    for row in of_month:
        _add_figure(add, by_name[setting_of(row["practice_id"])], row)
    _add_verdicts(add, by_name, verdicts)
    _add_changes(add, settings, practices, changes)
    _add_bursts(add, settings, practices, weeks, judged_weeks)
    return dict(found)


Add = Callable[..., None]


def _add_figure(add: Add, setting: Setting, row: dict[str, Any]) -> None:
    metric, name = row["metric"], setting.name
    site = next((site for site in setting.sites if site.name == row["site"]), None)
    if metric == "repeated_texts" and site:
        add(float(row["state"] == "value" and row["value"] == site.burst), "repeated", name)
        return
    # A true zero is a figure too, and to leave it out would leave only the months above it.
    given = row["state"] in ("value", "zero")
    add(float(given), "given", name, metric, row["part"])
    if not given:
        return
    if metric == "engagement_score" and setting.manners:
        truth: float | None = simulated.true_engagement(setting.manners)
    elif metric == "reputation_score_combined":
        truth = simulated.true_reputation(setting.sites, with_burst=not row["part"])
    else:
        truth = _truth_of_site(metric, site, with_burst=not row["part"]) if site else None
    if truth is None:
        return
    if metric == "reply_hours":
        add(float(row["value"] > truth), "above", name, metric)
        return
    add(float(row["low"] <= truth <= row["high"]), "held", name, metric, row["part"])
    add(float(row["value"]) - truth, "away", name, metric, row["part"])
    add(float(row["high"] - row["low"]) / 2, "half", name, metric, row["part"])


def _truth_of_site(metric: str, site: Site, *, with_burst: bool) -> float | None:
    """Return what the site's rates come to, or None where a burst of one week has no rate of the month's."""
    month, decayed = simulated.stars_of_month(site), simulated.decayed_counts(site, with_burst=with_burst)
    if metric in ("mean_stars", "low_share"):
        if site.burst and with_burst:
            return None
        return float(month @ range(1, 6)) if metric == "mean_stars" else float(month[:2].sum())
    if metric == "critical_reply_share":
        return simulated.answered_within(site, 168)
    if metric == "decayed_stars":
        return float(decayed @ range(1, 6) / decayed.sum())
    if metric == "reputation_score":
        return simulated.true_reputation((site,), with_burst=with_burst)
    return simulated.median_hours(site)


def _add_verdicts(add: Add, by_name: dict[str, Setting], verdicts: list[dict[str, Any]]) -> None:
    reports: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in verdicts:
        name = setting_of(row["practice_id"])
        months = str(row["months"])
        if row["metric"] == "mean_stars":
            for verdict in WORDS:
                add(float(row["verdict"] == verdict), "stars", name, months, verdict)
            alone = row["p_value"] is not None and row["p_value"] < 0.05 and abs(row["difference"]) >= 0.3
            add(float(alone), "stars", name, months, "alone")
            add(float(alone and row["difference"] < 0), "stars", name, months, "fell alone")
            if row["p_value"] is not None:
                add(float(abs(row["difference"]) >= 0.3), "moved", name, months)
        if row["p_value"] is not None:
            reports[row["practice_id"]].append(row)
    for practice_id, tests in reports.items():
        setting = by_name[setting_of(practice_id)]

        def wrong(row: dict[str, Any], setting: Setting = setting) -> bool:
            return (row["metric"], row["part"]) not in setting.changed

        kept = [row for row in tests if row["p_adjusted"] <= 0.10]
        spoken = [row for row in tests if row["verdict"] in ("fell", "rose")]
        raw = [row for row in tests if row["p_value"] < 0.05]
        for told, chosen in (("adjusted", kept), ("spoken", spoken), ("raw", raw)):
            add(sum(map(wrong, chosen)) / len(chosen) if chosen else 0.0, "false share", setting.name, told)
            add(float(any(map(wrong, chosen))), "any false", setting.name, told)
        add(len(tests), "tests", setting.name)


def _add_changes(add: Add, settings: list[Setting], practices: int, changes: list[dict[str, Any]]) -> None:
    months: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in changes:
        months[row["practice_id"], row["metric"]].append(row["ago"])
    for setting in settings:
        if len(setting.sites) != 1 or len(setting.sites[0].monthly) < 36:
            continue
        for practice_id in simulated.practice_ids(setting, practices):
            for metric in ("mean_stars", "low_share"):
                ago = months[practice_id, metric]
                add(float(bool(ago)), "detected", setting.name, metric, "12")
                # The first six of the twelve reports.
                add(float(any(each >= 6 for each in ago)), "detected", setting.name, metric, "6")
                add(len(ago) / 12, "detected", setting.name, metric, "report")


def _add_bursts(
    add: Add,
    settings: list[Setting],
    practices: int,
    weeks: list[dict[str, Any]],
    judged_weeks: list[dict[str, Any]],
) -> None:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in weeks:
        found[row["practice_id"]].append(row)
    watched: dict[str, int] = defaultdict(int)
    for row in judged_weeks:
        watched[row["practice_id"]] += row["weeks"]
    for setting in settings:
        for practice_id in simulated.practice_ids(setting, practices) if setting.sites else ():
            told = found[practice_id]
            if any(site.burst for site in setting.sites):
                leaning = "low" if setting.sites[0].burst_stars == 1 else "best"
                here = [row for row in told if row["week"] == WEEK]
                add(float(bool(here)), "burst", setting.name, "number")
                add(float(any(row["leaning"] == leaning for row in here)), "burst", setting.name, "cluster")
            elif watched[practice_id] > 0:
                for verdict, kept in (("number", told), ("cluster", [row for row in told if row["leaning"]])):
                    add(len(kept) / watched[practice_id], "weeks", setting.name, verdict)


def drawn(seed: int) -> Rates:
    """Return the rates of what the rules measured without a report, straight from the formulas.

    Ten reviews that all count in full, and whether the range of their score holds the truth; and fifteen reviews beside
    fifteen, and whether the rule of change speaks when theirs is the only test.
    """
    chance = np.random.default_rng(seed)
    found: Rates = defaultdict(Rate)
    for name, stars, answered in KINDS:
        site = Site((0,) * 12, (stars,) * 12, exactly=10, answered=answered)
        truth, within = simulated.true_reputation((site,)), simulated.answered_within(site, 168)
        for counts in chance.multinomial(10, stars, DRAWS):
            critical = int(counts[:3].sum())
            told = scores.reputation([counts.tolist()], [1.0], int(chance.binomial(critical, within)), critical)
            found["held", name, "full weight"].values.append(float(told.low <= truth <= told.high))
            found["away", name, "full weight"].values.append(told.score - truth)
    for name, stars in (("good", GOOD), ("fell", FAIR)):
        months = zip(chance.multinomial(15, GOOD, DRAWS), chance.multinomial(15, stars, DRAWS), strict=True)
        for before, after in months:
            # In whole numbers, so that exactly 0.3 counts.
            difference = int((after - before) @ range(1, 6))
            moved = abs(difference) * 10 >= 3 * 15
            alone = moved and statistics.permutation_test(before.tolist(), after.tolist()) < 0.05
            found["moved", name, "alone"].values.append(float(moved))
            found["spoke", name, "alone"].values.append(float(alone))
            found["fell", name, "alone"].values.append(float(alone and difference < 0))
    return dict(found)


# What is stated, and whether it holds.


@dataclass(frozen=True)
class Claim:
    """A statement of how often something happens: `bound` is the most it may ("at most") or the least.

    `measured_on` is how many practices the statement itself was measured on, where it is known.
    """

    told: str
    where: str
    side: str
    bound: float
    rate: Rate
    unit: str = "%"
    measured_on: int | None = None

    @property
    def outcome(self) -> str:
        low, high = self.rate.interval(SURE)
        bound = self.bound
        if self.measured_on:
            own = stats.binomtest(round(bound * self.measured_on), self.measured_on)
            ends = own.proportion_ci(SURE, method="wilson")
            bound = float(ends.high if self.side == "at most" else ends.low)
        better = self.rate.share <= self.bound if self.side == "at most" else self.rate.share >= self.bound
        within = low <= bound if self.side == "at most" else high >= bound
        return "holds" if better else "within chance" if within else "WORSE"


def detector_rows() -> dict[tuple[str, int, str], tuple[float, float, float, float]]:
    """Return what docs/statistics.md states of each practice, number a month and figure, as shares."""
    found = {}
    for line in DETECTOR.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 7 and cells[1].isdigit():
            year, report, six, twelve = (float(cell.rstrip("%")) / 100 for cell in cells[3:])
            found[cells[0], int(cells[1]), cells[2]] = (year, report, six, twelve)
    return found


def claims(rates: Rates) -> list[Claim]:
    """Return everything stated of what is simulated here, in the order of the rules and then of our own page."""
    found = [
        Claim(
            "a poor practice's range, 10 reviews of full weight",
            "3.1",
            "at least",
            0.88,
            rates["held", "poor", "full weight"],
        ),
        Claim("stars move by 0.3 by chance, 15 a month", "3.5", "at most", 0.44, rates["moved", "good", "alone"]),
        Claim(
            "rule alone speaks of no change, 15 a month",
            "3.5",
            "at most",
            0.022,
            rates["spoke", "good", "alone"],
        ),
        Claim(
            "fall of 4.50 to 3.64 found alone, 15 a month",
            "3.5",
            "at least",
            0.32,
            rates["fell", "fell", "alone"],
        ),
    ]
    found += [
        Claim(f"weeks called unusual, {name}", "3.8", "at most", 0.001, rates["weeks", name, "number"])
        for name in ("good-6", "good-15", "good-40", "same-good-6", "same-good-15", "same-mixed-15")
    ]
    for name in ("good-15", "fell-15", "many-stable", "many-moved"):
        rate = rates["false share", name, "adjusted"]
        found.append(Claim(f"false among the changes found, {name}", "3.9", "at most", 0.10, rate))
    for setting, _ in engagement_settings():
        rate = rates["held", setting.name, "engagement_score", ""]
        found.append(Claim(f"range of engagement, {setting.name}", "4.3", "at least", 0.92, rate))
    for setting, _ in reputation_settings():
        # Ten reviews of a whole year weigh five; the rules' own ten weigh ten.
        if setting.name.startswith("score") and setting.name.endswith("-10"):
            continue
        rate = rates["held", setting.name, *SCORE]
        found.append(Claim(f"range of reputation, {setting.name}", "4.4", "at least", 0.85, rate))
    kind = rates["away", "poor", "full weight"]
    found.append(Claim("points too kind, poor, 10 reviews of full weight", "4.4", "at most", 7, kind, " points"))
    stated = detector_rows()
    for setting, practice, number in detector_settings():
        for metric, figure in (("mean_stars", "stars"), ("low_share", "low ratings")):
            year, _, six, twelve = stated[practice, number, figure]
            told = f"{figure}, {practice}, {number} a month"
            in_twelve, in_six = (rates["detected", setting.name, metric, months] for months in ("12", "6"))
            if setting.name.startswith("same"):
                found.append(
                    Claim(
                        f"lasting change alarmed of none, {told}", "ours", "at most", year, in_twelve, measured_on=2000
                    )
                )
            else:
                found.append(
                    Claim(
                        f"lasting change found in 6 months, {told}", "ours", "at least", six, in_six, measured_on=2000
                    )
                )
                found.append(
                    Claim(
                        f"lasting change found in 12, {told}", "ours", "at least", twelve, in_twelve, measured_on=2000
                    )
                )
    return found


# The page.


def inputs_hash() -> str:
    """Return a hash of everything the page depends on: the SQL, the statistics and scores, and the simulation."""
    held = hashlib.sha256()
    pipelines = [REPOSITORY / "pipelines" / f"{name}.py" for name in CODE]
    own = [Path(__file__), Path(simulated.__file__), DETECTOR]
    for path in (*sorted((REPOSITORY / "sql").rglob("*.sql")), *pipelines, *own):
        held.update(path.name.encode())
        held.update(path.read_bytes())
    return held.hexdigest()


def page(rates: Rates, practices: int) -> str:
    stated = claims(rates)
    worse = [claim for claim in stated if claim.outcome == "WORSE"]
    parts = [
        HEAD.format(practices=practices, seed=SEED),
        _stated_part(stated, worse),
        _verdict_part(rates),
        _power_part(rates),
        _range_part(rates),
        _drawn_part(rates),
        _detector_part(rates),
        _family_part(rates),
        f"Inputs: {inputs_hash()}",
    ]
    return "\n\n".join(parts) + "\n"


def _percent(rate: Rate) -> str:
    low, high = rate.interval()
    return f"{100 * rate.share:.1f}% [{100 * max(0, low):.1f}, {100 * min(1, high):.1f}]"


def _rows(head: str, lines: Iterable[Sequence[str]]) -> str:
    columns = head.split("|")
    return "\n".join(
        [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *(f"| {' | '.join(line)} |" for line in lines)]
    )


def _stated_part(stated: list[Claim], worse: list[Claim]) -> str:
    def shown(claim: Claim) -> Sequence[str]:
        if claim.unit != "%":
            low, high = claim.rate.interval()
            return (f"{claim.bound:g}{claim.unit}", f"{claim.rate.share:.1f} [{low:.1f}, {high:.1f}]")
        return (f"{100 * claim.bound:.1f}%", _percent(claim.rate))

    found = f"{len(worse)} of {len(stated)} statements are clearly missed." if worse else "None is clearly missed."
    return f"{STATED.format(draws=DRAWS)} {found}\n\n" + _rows(
        "Statement|From|Stated|Found|Outcome",
        [
            (claim.told, claim.where, f"{claim.side} {of}", measured_as, claim.outcome)
            for claim in stated
            for of, measured_as in [shown(claim)]
        ],
    )


def _verdict_part(rates: Rates) -> str:
    lines = []
    for each in verdict_settings():
        for months, right in (("1", each.right), ("3", each.right_of_three)):
            key = ("stars", each.setting.name, months)
            others = [_share(rates[*key, word]) for word in WORDS]
            lines.append((each.told, months, right.replace("_", " "), _percent(rates[*key, right]), *others))
    return f"{VERDICTS}\n\n" + _rows("Practice|Months|Right word|Right|Fell|Rose|No clear change|Too few", lines)


def _share(rate: Rate) -> str:
    return f"{100 * rate.share:.1f}%"


def _power_part(rates: Rates) -> str:
    names = {each.setting.name for each in verdict_settings()}
    lines = [
        (
            f"4.50 to {to}",
            months,
            told,
            *(
                _percent(rates["stars", f"{name}-{n}", months, verdict]) if f"{name}-{n}" in names else "–"
                for n in (6, 15, 40)
            ),
        )
        for months, effects in (
            ("1", (("less", "4.20"), ("fell", "3.64"), ("far", "3.00"))),
            ("3", (("lasting", "3.64"),)),
        )
        for name, to in effects
        for told, verdict in (("alone", "fell alone"), ("in a report", "fell"))
    ]
    return f"{POWER}\n\n" + _rows("Fall|Months|Test|6 a month|15 a month|40 a month", lines)


def _range_part(rates: Rates) -> str:
    figures = {
        "reputation_score": "Reputation Score",
        "reputation_score_combined": "Reputation Score, combined",
        "engagement_score": "Engagement Quality Score",
        "mean_stars": "mean stars of the month",
        "decayed_stars": "decayed star level",
        "low_share": "share of low ratings",
        "critical_reply_share": "critical reviews answered in a week",
    }
    lines = [
        (
            told,
            f"{name}{', ' + part if part else ''}",
            _share(rates["given", name, metric, part]),
            _percent(rate),
            f"{rates['away', name, metric, part].share:+.2f}",
            f"{rates['half', name, metric, part].share:.2f}",
        )
        for metric, told in figures.items()
        for (what, name, *of), rate in sorted(rates.items())
        if (what, *of[:1]) == ("held", metric) and rate.of >= FEWEST_FOR_A_RATE
        for part in of[1:]
    ]
    reply = [
        (name, _percent(rate))
        for (what, name, *_), rate in sorted(rates.items())
        if what == "above" and rate.of >= FEWEST_FOR_A_RATE
    ]
    return (
        f"{RANGES}\n\n"
        + _rows("Figure|Practice|Given|Holds the truth|Mean error|Half-width", lines)
        + f"\n\n{REPLIES}\n\n"
        + _rows("Practice|Median above the true one", reply)
    )


def _drawn_part(rates: Rates) -> str:
    lines = [
        (name, _percent(rates["held", name, "full weight"]), f"{rates['away', name, 'full weight'].share:+.2f}")
        for name, _, _ in KINDS
    ]
    return f"{DRAWN}\n\n" + _rows("Practice|Holds the truth|Mean error", lines)


def _detector_part(rates: Rates) -> str:
    lines = []
    names = [(setting.name, f"{told}, {n} a month") for setting, told, n in detector_settings()]
    for name, told in [*names, ("seasonal", "stable at 4.50, numbers with a season")]:
        for metric, figure in (("mean_stars", "stars"), ("low_share", "low ratings")):
            report, six, twelve = (rates["detected", name, metric, of] for of in ("report", "6", "12"))
            change = "changed" if name.startswith("changed") else "did not change"
            lines.append((told, change, figure, _percent(report), _percent(six), _percent(twelve)))
    weeks = [
        (name, *(f"{1000 * rates['weeks', name, of].share:.2f}" for of in ("number", "cluster")))
        for name in ("good-6", "good-15", "good-40", "same-good-6", "same-good-15", "same-mixed-15", "seasonal")
    ]
    bursts = [
        (name, *(_percent(rates["burst", name, of]) for of in ("number", "cluster")), _percent(rates["repeated", name]))
        for name in ("attacked", "praised")
    ]
    return "\n\n".join(
        [
            LASTING,
            _rows("Practice|Truth|Figure|Reports with one|In the first six|In twelve", lines),
            WEEKS,
            _rows("Practice|Called unusual, of 1,000 weeks|Called a cluster, of 1,000 weeks", weeks),
            BURSTS,
            _rows("Practice|Week called unusual|Cluster of the right kind|Repeated words counted", bursts),
        ]
    )


def _family_part(rates: Rates) -> str:
    lines = [
        (
            name,
            f"{rates['tests', name].share:.1f}",
            *(_percent(rates["any false", name, of]) for of in ("raw", "adjusted", "spoken")),
            *(_percent(rates["false share", name, of]) for of in ("raw", "adjusted", "spoken")),
        )
        for name in ("good-15", "fell-15", "attacked", "many-stable", "many-moved")
    ]
    head = "Practice|Tests|Any false: p below .05|Any false: adjusted|Any false: said"
    return f"{FAMILIES}\n\n" + _rows(f"{head}|False share: p below .05|False share: adjusted|False share: said", lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print the page, and write it if it is of the usual size. Returns 1 if a statement is clearly missed."""
    parser = argparse.ArgumentParser(prog="make simulate", description="say how often words and ranges are right")
    parser.add_argument("--practices", type=int, default=PRACTICES, help="practices of each kind")
    practices = parser.parse_args(arguments).practices
    if practices < FEWEST_PRACTICES:
        parser.error(f"with fewer than {FEWEST_PRACTICES} practices of each kind nothing can be said")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, ThreadPoolExecutor(2) as pool:

        def run(number: int, settings: list[Setting]) -> Rates:
            task = progress.add_task(f"build {number}", total=None)
            with tempfile.TemporaryDirectory(prefix="simulate-") as folder:
                return simulate(DataDir(Path(folder)), settings, practices, SEED, lambda line: progress.advance(task))

        first, second = pool.map(run, (1, 2), batches())
    rates = first | second | drawn(SEED)
    text = page(rates, practices)
    print(text)
    if practices == PRACTICES:
        PAGE.write_text(text, encoding="utf-8")
    worse = [claim.told for claim in claims(rates) if claim.outcome == "WORSE"]
    if worse:
        print(f"clearly worse than stated: {'; '.join(worse)}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
