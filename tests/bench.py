"""Measure speed and memory of each verb, and print them as JSON with the machine's description.

Every step runs in a process of its own, so that its peak memory is its own. Numbers of one run on one machine are
orders of magnitude; docs/benchmarks.md keeps them as ratios. `make bench` runs this; no test does.
"""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import platform
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from pipelines.build import build
from pipelines.landing import DataDir, Visit, atomic_path
from pipelines.practices import GoogleLocation, Practice, Practices
from pipelines.read import read
from pipelines.records import COMPLETENESS, FEATURES, Completeness, Feature, write_table
from pipelines.render import render
from pipelines.score import score, score_lines
from pipelines.settings import REPOSITORY
from tests.bench_fetch import measure_fetch, peak_mb
from tests.bench_history import LAST_NIGHT, add_night, write_history
from tests.bench_history import practices_of as practices_of_years
from tests.bench_print import measure_print
from tests.bench_typst import measure_typst
from tests.reports_pages import BUSY_PLACES, Client, many_practices, mounted

NIGHT = dt.date(2026, 11, 1)
MONTH = dt.date(2026, 10, 1)
SOURCE = "google_business"
_WORDS = ("waited", "kind", "staff", "explained", "front desk", "phone", "pain", "gentle", "cost", "quick")
# The J shape of real reviews: seven of ten give five stars.
_STARS = (1, 1, 2, 3, 4, 4, *[5] * 14)


def practices_of(count: int) -> Practices:
    return Practices(
        practice=tuple(
            Practice(
                id=f"p-{n}", name=f"Practice {n}", google_business=GoogleLocation(location=f"accounts/1/locations/{n}")
            )
            for n in range(count)
        )
    )


def write_pages(data: DataDir, count: int, reviews_each: int) -> None:
    """Write what a complete sweep of `count` profiles leaves behind."""
    chance = random.Random(1)
    for practice in practices_of(count).practice:
        visit = Visit(data, SOURCE, NIGHT, practice.id)
        for first in range(0, reviews_each, 50):
            page = [
                {
                    "reviewId": f"r{n}",
                    "reviewer": {"displayName": f"Person {n}"},
                    "starRating": chance.choice(["ONE", "FOUR", "FIVE", "FIVE"]),
                    "comment": " ".join(chance.choices(_WORDS, k=30)),
                    "createTime": f"2026-{1 + n % 10:02d}-{1 + n % 28:02d}T10:00:00Z",
                    "updateTime": f"2026-{1 + n % 10:02d}-{1 + n % 28:02d}T10:00:00Z",
                }
                for n in range(first, min(first + 50, reviews_each))
            ]
            visit.keep(json.dumps({"reviews": page, "totalReviewCount": reviews_each}).encode(), "json")
        visit.publish(complete=True, expected=reviews_each, about={"practice_id": practice.id})


def write_features(data: DataDir, count: int, reviews_each: int) -> None:
    """Write one complete night of features, two years long, without going through text."""
    chance = random.Random(2)
    rows: list[dict[str, Any]] = []
    for practice in practices_of(count).practice:
        for n in range(reviews_each):
            written = dt.datetime(2024, 11, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=chance.randrange(730 * 1440))
            feature = Feature(
                kind="review", source=SOURCE, site="google", night=NIGHT, practice_id=practice.id, item_id=f"r{n}",
                parent_id=None, author_key=None, created_at=written, created_local=written.replace(tzinfo=None),
                updated_at=written, stars=chance.choice(_STARS), has_text=True, words=12,
                emoji_only=False, language="en", language_sure=True, text_key=f"{n:016x}", state=None, url=None,
                total_count=None, total_average=None, page="p", position=n, model_id="bench",
            )  # fmt: skip
            rows.append(msgspec.structs.asdict(feature))
            if n % 2:
                reply = {"kind": "reply", "item_id": f"r{n}/reply", "parent_id": f"r{n}", "stars": None}
                answered = {"updated_at": written + dt.timedelta(hours=chance.randrange(400)), "created_at": None}
                rows.append({**rows[-1], **reply, **answered, "created_local": None})
        total = {"kind": "total", "item_id": "total", "total_count": reviews_each, "total_average": Decimal("4.2")}
        rows.append({**rows[-1], **total, "parent_id": None, "stars": None, "created_local": None})
    whole = [
        Completeness(
            source=SOURCE, site="google", night=NIGHT, label=p.id, practice_id=p.id, status="ok", complete=True,
            can_reply=True, expected=reviews_each, fetched=reviews_each, set_aside=0, why=None,
        )
        for p in practices_of(count).practice
    ]  # fmt: skip
    with atomic_path(data.features(SOURCE, NIGHT)) as partial:
        write_table(rows, FEATURES, partial)
    with atomic_path(data.completeness(SOURCE, NIGHT)) as partial:
        write_table(map(msgspec.structs.asdict, whole), COMPLETENESS, partial)


def _silent(line: str) -> None:
    del line


def _measured(
    to: Connection, step: Callable[..., Any], arguments: tuple[Any, ...], before: Callable[[], None] | None
) -> None:
    if before:
        before()
    started, cpu = time.perf_counter(), time.process_time()
    step(*arguments)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    to.send(
        {
            "seconds": round(time.perf_counter() - started, 2),
            "cpu_seconds": round(time.process_time() - cpu + children.ru_utime + children.ru_stime, 2),
            "peak_mb": max(peak_mb(), round(children.ru_maxrss / 1024)),
        }
    )


def measure(step: Callable[..., Any], *arguments: Any, before: Callable[[], None] | None = None) -> dict[str, float]:
    """Return the seconds and the memory of a step in a process of its own, once what comes before it is done."""
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_measured, args=(there, step, arguments, before))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{step.__name__} failed")
    found: dict[str, float] = here.recv()
    return found


def read_step(root: Path, count: int) -> None:
    read(SOURCE, NIGHT, practices_of(count), DataDir(root), say=_silent)


def score_step(root: Path, count: int) -> None:
    score(SOURCE, NIGHT, practices_of(count), DataDir(root), say=_silent)


def lines_of(kind: str, count: int) -> list[bytes]:
    """Return invented texts of one kind as lines for `rapport score --jsonl`, three sentences a review, two a reply."""
    folder = Path(__file__).parents[1] / "models"
    files, sentences = {
        "review": (["topics_gold.tsv"], 3),
        "comment": (["comments_gold.tsv"], 1),
        "post": (["posts/batch_1.tsv", "posts/batch_2.tsv"], 1),
        "reply": ([f"replies/batch_{number}.tsv" for number in range(1, 8)], 2),
    }[kind]
    known = [line.split("\t", 1)[1] for file in files for line in (folder / file).read_text("utf-8").splitlines()]
    chance = random.Random(3)
    texts = (" ".join(chance.choices(known, k=sentences)) for _ in range(count))
    return [json.dumps({"id": number, "kind": kind, "text": text}).encode() for number, text in enumerate(texts)]


def judge_step(kind: str, count: int) -> None:
    for _ in score_lines(lines_of(kind, count)):
        pass


def start_step() -> None:
    judge_step("reply", 1)


def build_step(root: Path, count: int) -> None:
    build(DataDir(root), practices_of(count), None, _silent)


def years_step(root: Path, count: int) -> None:
    build(DataDir(root), practices_of_years(count), None, _silent)


def touched_step(root: Path, count: int) -> None:
    said: list[str] = []
    build(DataDir(root), practices_of_years(count), None, said.append, full_up_to_rows=0)
    if not any(line.startswith("build: the months from") for line in said):
        raise SystemExit("what was to be a build of touched months was a full one")


def render_step(root: Path, count: int, workers: int) -> None:
    ids = [practice.id for practice in practices_of_years(count).practice]
    render(DataDir(root), practices_of_years(count), MONTH, workers=workers, practice_ids=ids, say=_silent)


def measure_render(root: Path, count: int) -> dict[str, Any]:
    """Return what `count` full reports take in one process and in two, and the memory on the way."""
    found: dict[str, Any] = {}
    for workers in (1, 2):
        shutil.rmtree(DataDir(root).root / "reports", ignore_errors=True)
        found[f"{workers} workers"] = measure(render_step, root, count, workers)
    shutil.rmtree(DataDir(root).root / "reports")
    one, two = found["1 workers"], found["2 workers"]
    return found | {
        "cpu_seconds_a_report": round(one["cpu_seconds"] / count, 3),
        "two_workers_by_one": round(one["seconds"] / two["seconds"], 2),
        "resident_mb_of_a_worker": measure_resident(root, count // 4),
    }


def measure_resident(root: Path, count: int) -> list[int]:
    """Return the memory in MB that the larger of two workers holds after every 25th report of their run."""
    found: list[int] = []

    def note(line: str) -> None:
        del line
        pages = [
            int(Path(f"/proc/{worker.pid}/statm").read_text(encoding="ascii").split()[1])
            for worker in multiprocessing.active_children()
        ]
        found.append(max(pages) * os.sysconf("SC_PAGE_SIZE") // 2**20)

    ids = [practice.id for practice in practices_of_years(count).practice]
    render(DataDir(root), practices_of_years(count), MONTH, workers=2, practice_ids=ids, say=note)
    return found[24::25]


def pages_step(root: Path) -> None:
    pages = Client(mounted(DataDir(root)))
    for place in BUSY_PLACES:
        pages.get(place).raise_for_status()


def measure_parse(root: Path) -> dict[str, float]:
    """Return the seconds that Airflow takes to parse each DAG's file, by its name; the first imports for all."""
    os.environ["AIRFLOW_HOME"] = str(REPOSITORY)
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{root}/airflow.db"
    os.environ["RAPPORT_DATA_DIR"] = str(root)
    sys.path.insert(0, str(REPOSITORY / "dags"))
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(REPOSITORY / "dags")
    return {Path(held.file).name: round(held.duration.total_seconds(), 2) for held in bag.dagbag_stats}


def main() -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    result: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "memory_gb": memory,
        },
        "steps": [],
    }

    def note(name: str, size: int, unit: str, found: dict[str, float]) -> None:
        per_second = round(size / found["seconds"]) if found["seconds"] else None
        result["steps"].append({"step": name, unit: size, f"{unit}_per_second": per_second, **found})

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for step, found in measure_fetch(root / "night", 1_000).items():
            note(step, 1_000, "practices", found)
        write_pages(DataDir(root / "text"), 40, 500)
        note("read", 20_000, "reviews", measure(read_step, root / "text", 40))
        note("score", 20_000, "reviews", measure(score_step, root / "text", 40))
        note("start, with one reply", 1, "texts", measure(start_step))
        for kind in ("review", "comment", "post", "reply"):
            # The row above has the start, with the models loaded; a text costs what it costs after it.
            found = measure(judge_step, kind, 4_000, before=start_step)
            found["texts_per_cpu_second"] = round(4_000 / found["cpu_seconds"])
            note(f"score, every judgement on {kind}", 4_000, "texts", found)
        for count, each in ((8, 500), (100, 500), (1_000, 500)):
            write_features(DataDir(root / str(count)), count, each)
            note("build", count * each, "reviews", measure(build_step, root / str(count), count))
        cpu = {}
        for months in (6, 60):
            data = DataDir(root / f"months-{months}")
            rows = write_history(data, 1_000, months)
            note(f"first build of {months} months", rows, "rows", measure(years_step, data.root, 1_000))
            # Every build after the first finds the nights joined and the SQL compiled.
            full = measure(years_step, data.root, 1_000)
            note(f"build of {months} months", rows, "rows", full)
            # The first night after the history lets the nights of its last month be joined; the second is like most.
            for number in (1, 2):
                add_night(data, LAST_NIGHT + dt.timedelta(days=number), 10_000)
                touched = measure(touched_step, data.root, 1_000)
            note(f"the months touched, after {months} months", 10_000, "rows", touched)
            cpu[months] = {"full": full["cpu_seconds"], "touched": touched["cpu_seconds"]}
            if months == 60:
                result["render"] = measure_render(data.root, 1_000)
            shutil.rmtree(data.root)
        result["touched_by_full"] = round(cpu[60]["touched"] / cpu[60]["full"], 3)
        result["touched_by_touched_of_a_tenth"] = round(cpu[60]["touched"] / cpu[6]["touched"], 2)
        result["tagged_print"] = measure_print(root)
        result["typst"] = measure_typst(root)
        many_practices(root / "pages", 1_000, 24)
        note(
            "Reports pages of 1,000 practices and 24 months",
            len(BUSY_PLACES),
            "pages",
            measure(pages_step, root / "pages"),
        )
        result["parse_seconds"] = measure_parse(root)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
