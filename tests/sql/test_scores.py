"""What must not move a score of the warehouse: bought numbers, the order of rows, the day and the place of the run."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from pipelines.build import build
from pipelines.landing import DataDir
from pipelines.practices import Practice, Practices
from pipelines.warehouse import open_warehouse, rows, table_hashes
from tests.histories import feature, seeded_history, visit, write_night

UTC = dt.UTC
FIRST = dt.date(2026, 11, 1)
OCTOBER = dt.date(2026, 10, 1)


def hashes(folder: Path, vanity: int) -> dict[str, str]:
    history, data = seeded_history(3, first=dt.date(2026, 9, 20), nights=15, vanity=vanity), DataDir(folder)
    history.write(data)
    build(data, history.practices, None, lambda _: None)
    return table_hashes(data.warehouse)


def test_followers_change_no_figure_and_no_score(tmp_path: Path) -> None:
    """Times 0, 10 and 1000: every table but those that hold the inputs themselves is the same to the last bit."""
    holds_inputs = {"staging.build", "reports.build_info"}
    usual = hashes(tmp_path / "1", 1)
    for vanity in (0, 10, 1000):
        found = hashes(tmp_path / str(vanity), vanity)
        assert {name for name, value in found.items() if value != usual[name]} == holds_inputs


def october(data: DataDir) -> list[dict[str, Any]]:
    with open_warehouse(data) as connection:
        return rows(
            connection,
            "select * from reports.figures where month = ? and metric in "
            "('reputation_score', 'reputation_score_combined', 'decayed_stars', 'effective_reviews', 'mean_stars') "
            "order by all",
            [OCTOBER],
        )


def nights(data: DataDir, upto: dt.date, shuffled: random.Random | None) -> None:
    """One practice on two sites, each listed wholly every seventh night with nothing new, as far as `upto`."""
    chance = random.Random(5)
    people = []
    for number in range(90):
        written = dt.datetime(2026, 10, 31, 23, 30) - dt.timedelta(hours=127 * (number // 2))
        stars, wait = chance.choice([1, 3, 4, 5, 5]), chance.choice([3, 60, 200, 300])
        people.append((number, written, stars, wait))
    for source, site in (("google_business", "google"), ("owner_export", "survey")):
        for week in range((upto - FIRST).days // 7 + 1):
            night = FIRST + dt.timedelta(days=7 * week)
            seen = []
            for number, written, stars, wait in people:
                at = written.replace(tzinfo=UTC)
                about = (source, site, night, "riverside")
                seen.append(feature("review", *about, f"r{number}", created_at=at, created_local=written, stars=stars))
                said = at + dt.timedelta(hours=wait)
                if number % 3 and said.date() < FIRST:
                    seen.append(
                        feature(
                            "reply", *about, f"a{number}", parent_id=f"r{number}", updated_at=said, disclosure="look"
                        )
                    )
            if shuffled:
                shuffled.shuffle(seen)
            write_night(data, source, night, seen, [visit(source, site, night, "riverside", fetched=len(seen))])


def test_the_day_the_order_and_the_clock_of_a_run_change_no_score_of_a_month_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = Practices(practice=(Practice(id="riverside", name="Riverside", time_zone="UTC"),))
    at_once, later = DataDir(tmp_path / "at once"), DataDir(tmp_path / "later")
    nights(at_once, FIRST, None)
    build(at_once, people, None, lambda _: None)
    nights(later, FIRST + dt.timedelta(days=40), random.Random(1))
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    build(later, people, None, lambda _: None, threads=1)
    found = october(at_once)
    assert {row["state"] for row in found} == {"value"}
    assert {row["metric"] for row in found} >= {"reputation_score", "reputation_score_combined"}
    assert october(later) == found
