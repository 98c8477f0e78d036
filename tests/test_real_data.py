"""Thousands of real patients' answers through every verb to PDFs, counted a second time by hand from the files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.fetch import fetch
from pipelines.landing import DataDir
from pipelines.pdf import practice_of
from pipelines.practices import Export, Practice, Practices
from pipelines.read import read
from pipelines.render import render
from pipelines.score import score
from pipelines.settings import load_settings
from pipelines.warehouse import open_warehouse, rows
from tests.conftest import SHARED

FILES = SHARED / "data" / "nhs_gp_fft"
NIGHT = dt.date(2025, 2, 4)
MONTH = dt.date(2024, 10, 1)

pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="needs ../shared/data")

# The second year spells the practices another way; four changed more than their hyphens.
ALIASES = {
    "Health Partners @ Violet Melchett": "Health-Partners-at-Violet-Melchett",
    "Stanhope Mews West": "Stanhope-Mews-Surgery",
    "Emperor's Gate Surgery": "Emperors-Gate-Health-Centre",
    "The Abingdon Health Centre": "The-Abingdon-Medical-Practice",
    "Kensington Park Medical Centre": "Kensington-Park-Medical-Centre",
}
STARS = {
    "Extremely likely": 5, "Likely": 4, "Neither likely nor unlikely": 3, "Unlikely": 2, "Extremely unlikely": 1,
    "Very good": 5, "Good": 4, "Neither good nor poor": 3, "Neither Good or Poor": 3, "Poor": 2, "Very poor": 1,
}  # fmt: skip


def _file_rows() -> dict[str, list[dict[str, str]]]:
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(FILES.glob("*.csv"))}
    return {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}


def _named(name: str) -> str:
    """The test's own idea of which spelling is which practice."""
    for first, second in ALIASES.items():
        if name in (first, second):
            return first
    return name.replace("-", " ")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, Practices]:
    held = _file_rows()
    first_year = sorted({row["practice"] for row in held["fft_2023.csv"]} | {"Kensington Park Medical Centre"})
    known = {_named(name) for name in first_year}
    others = {row["practice"] for found in held.values() for row in found if row["practice"]}
    practices = Practices(
        practice=tuple(
            Practice(
                id=re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
                name=name,
                kind="medical",
                aliases=tuple(alias for alias in [ALIASES.get(name)] if alias),
                time_zone="Europe/London",
                paper="a4",
            )
            for name in first_year
        ),
        export=(
            Export(
                files="fft_*.csv",
                preset="friends_and_family",
                site="friends_and_family",
                ignore_practices=tuple(sorted(name for name in others if _named(name) not in known)),
            ),
        ),
    )
    data = DataDir(tmp_path_factory.mktemp("real"))
    data.exports.mkdir()
    for path in FILES.glob("*.csv"):
        shutil.copy(path, data.exports)
    fetch("owner_export", NIGHT, practices, data, load_settings(), say=lambda line: None)
    read("owner_export", NIGHT, practices, data, say=lambda line: None)
    score("owner_export", NIGHT, practices, data, say=lambda line: None)
    build(data, practices, None, lambda line: None)
    return data, practices


def _counted_by_hand(practices: Practices) -> Counter[tuple[str, str, int | None]]:
    """Count reviews by (practice, month, stars): the multiset union of the files' rows, read a second way."""
    ids = {practice.name: practice.id for practice in practices.practice}
    union: Counter[tuple[str, ...]] = Counter()
    for found in _file_rows().values():
        here: Counter[tuple[str, ...]] = Counter()
        for row in found:
            name = _named(row["practice"])
            stars = STARS.get(row["rating_text"])
            text = "\n\n".join(part.strip() for part in (row["free_text"], row["do_better"]) if part.strip())
            if name not in ids or (stars is None and not text):
                continue
            folded = " ".join(text.casefold().split())[:200]
            here[(ids[name], row["date"], str(stars or ""), folded)] += 1
        union |= here
    counted: Counter[tuple[str, str, int | None]] = Counter()
    for (practice, date, stars_text, _), number in union.items():
        counted[(practice, date[:7], int(stars_text) if stars_text else None)] += number
    return counted


def test_the_warehouse_holds_what_the_files_hold(town: tuple[DataDir, Practices]) -> None:
    data, practices = town
    by_hand = _counted_by_hand(practices)
    with open_warehouse(data) as connection:
        held = rows(
            connection,
            "select practice_id, strftime(month, '%Y-%m') as month, stars, count(*) as number "
            "from core.reviews group by all order by all",
        )
    assert sum(by_hand.values()) > 12_000
    assert {(row["practice_id"], row["month"], row["stars"]): row["number"] for row in held} == dict(by_hand)


def test_the_same_answers_under_another_spelling_are_counted_once(town: tuple[DataDir, Practices]) -> None:
    data, practices = town
    with open_warehouse(data) as connection:
        [row] = rows(
            connection, "select count(*) as reviews, count(distinct practice_id) as practices from core.reviews"
        )
    known = {practice.name for practice in practices.practice}
    in_files = sum(_named(r["practice"]) in known for found in _file_rows().values() for r in found)
    assert row["practices"] == 12
    # 1,198 texts of the first year come again in the second, and the ratings without a text of the same months.
    assert in_files - row["reviews"] > 1_198


def test_what_could_not_be_read_is_named(town: tuple[DataDir, Practices]) -> None:
    data, _ = town
    lines = data.set_aside("owner_export", NIGHT).read_text().splitlines()
    empty = sum(not row["practice"] for found in _file_rows().values() for row in found)
    assert sum('"the practice is empty"' in line for line in lines) == empty == 4
    assert all('"where":"line ' in line for line in lines)


def test_the_figures_are_those_of_the_files(town: tuple[DataDir, Practices]) -> None:
    data, practices = town
    by_hand = _counted_by_hand(practices)
    with open_warehouse(data) as connection:
        means = rows(
            connection,
            "select practice_id, strftime(month, '%Y-%m') as month, value, sample_size from metrics.mean_stars "
            "where state = 'value' order by all",
        )
    assert len(means) > 100
    for mean in means:
        stars = {s: by_hand[(mean["practice_id"], mean["month"], s)] for s in range(1, 6)}
        number = sum(stars.values())
        assert mean["sample_size"] == number
        assert float(mean["value"]) == pytest.approx(sum(s * n for s, n in stars.items()) / number, abs=1e-6)


def test_every_practice_gets_its_pdf(town: tuple[DataDir, Practices]) -> None:
    data, practices = town
    made = render(data, practices, MONTH, workers=2, practice_ids=None, say=lambda line: None)
    assert {one.practice_id for one in made} == {practice.id for practice in practices.practice}
    for one in made:
        path: Path = data.report("2024-10", one.practice_id)
        assert practice_of(path) == one.practice_id
        assert path.stat().st_size < 500_000
