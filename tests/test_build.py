"""Building: the same nights give the same warehouse in any order, and only what passed its checks is published."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.build import SQL, BuildResult, build
from pipelines.errors import ChangedShape, CheckFailed, NotReady
from pipelines.joined import read_alike
from pipelines.landing import DataDir, write_bytes
from pipelines.practices import Practice, Practices
from pipelines.records import FEATURES, READINGS
from pipelines.warehouse import open_warehouse, rows, table_hashes, warehouse_hash
from tests.histories import built_at, feature, until, visit, write_night

FIRST = dt.date(2026, 11, 1)
EARLIER = dt.date(2026, 10, 9)


def people(*ids: str) -> Practices:
    return Practices(practice=tuple(Practice(id=name, name=name) for name in ids))


def quiet_night(data: DataDir, night: dt.date = FIRST, **more: object) -> None:
    """One practice whose listing was whole and empty."""
    write_night(data, "google_business", night, [], [visit("google_business", "google", night, "riverside", **more)])


def test_any_order_of_nights_any_threads_and_any_ranges_of_practices_give_the_same_warehouse(
    tmp_path_factory: pytest.TempPathFactory, data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, history = built_at(tmp_path_factory.getbasetemp(), None)
    earlier, _ = built_at(tmp_path_factory.getbasetemp(), EARLIER)

    # What later nights brought must not be in an earlier night's warehouse, nor anything of a build before.
    until(history, EARLIER).write(data, shuffled=random.Random(1))
    build(data, history.practices, None, lambda _: None)
    assert table_hashes(data.warehouse) == table_hashes(earlier.warehouse)

    history.write(data, shuffled=random.Random(2))
    monkeypatch.setattr("pipelines.build._ROWS_AT_A_TIME", 1)
    build(data, history.practices, None, lambda _: None, threads=1)
    ranges = json.loads((data.build_folder / "inputs" / "inputs.json").read_text())["first_practices"]
    assert len(ranges) == len(history.practices.practice) > 1
    assert table_hashes(data.warehouse) == table_hashes(whole.warehouse)
    assert warehouse_hash(data.warehouse) == warehouse_hash(whole.warehouse) != warehouse_hash(earlier.warehouse)


def test_a_night_with_nothing_builds_around_every_leftover_and_warns(data: DataDir, said: list[str]) -> None:
    write_night(
        data,
        "google_business",
        dt.date(2026, 10, 31),
        [feature("review", "google_business", "google", dt.date(2026, 10, 31), "gone", "r1", stars=1)],
        [visit("google_business", "google", dt.date(2026, 10, 31), "gone", fetched=1)],
    )
    quiet_night(data)
    night = FIRST + dt.timedelta(days=1)
    quiet_night(data, night, status="failed", complete=False, why="the key has expired")
    # What a killed build and a careless hand leave behind.
    for left in ("warehouse.duckdb", "warehouse.duckdb.wal", "warehouse.duckdb.tmp/duckdb_temp_storage-0.tmp"):
        write_bytes(data.build_folder / left, b"half a file")
    data.warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"not its own")

    repository = {path for path in SQL.rglob("*") if path.is_file()}
    result = build(data, people("riverside", "new"), None, said.append)

    assert {path for path in SQL.rglob("*") if path.is_file()} == repository
    assert not (data.build_folder / "warehouse.duckdb.tmp").exists()
    assert isinstance(result, BuildResult)
    assert (result.as_of_night, result.files) == (night, 6)
    assert result.warnings == [
        "every_observation_belongs_to_a_configured_practice",
        "every_practice_has_been_visited",
    ]
    assert any(line.startswith("success model figures ") for line in said)
    assert any("warehouse.duckdb.wal is deleted" in line for line in said)
    assert not data.warehouse.with_name("warehouse.duckdb.wal").exists()
    assert not list(data.build_folder.glob("warehouse.duckdb*"))
    with open_warehouse(data) as connection:
        figures = rows(
            connection,
            "select month, state, value from reports.figures where metric = 'reviews_received' order by month",
        )
        coverage = rows(connection, "select month, held, month_is_complete, why from reports.coverage order by month")
        removed = rows(connection, "select * from core.reviews")
        form = rows(connection, "select tags from duckdb_databases() where database_name = 'warehouse'")
    assert form == [{"tags": {"storage_version": "v1.5.0+"}}]
    assert removed == []
    october, november = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
    assert figures == [
        {"month": october, "state": "zero", "value": 0},
        {"month": november, "state": "not_measured", "value": None},
    ]
    why = "the night of 2026-11-02 failed: the key has expired"
    assert coverage == [
        {"month": october, "held": 0, "month_is_complete": True, "why": why},
        {"month": november, "held": 0, "month_is_complete": False, "why": why},
    ]


def test_a_failed_night_removes_nothing_and_a_complete_one_does(data: DataDir) -> None:
    def night(number: int, items: list[str], **more: object) -> None:
        day = FIRST + dt.timedelta(days=number)
        seen = [
            feature(
                "review",
                "google_business",
                "google",
                day,
                "riverside",
                item,
                created_at=dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC),
                created_local=dt.datetime(2026, 10, 20, 12),
                stars=5,
            )
            for item in items
        ]
        visits = [visit("google_business", "google", day, "riverside", fetched=len(items), **more)]
        write_night(data, "google_business", day, seen, visits)

    night(0, ["one", "two"])
    night(1, [], status="failed", complete=False, why="the key has expired")
    night(2, ["one"], complete=False)
    night(3, ["one"])
    night(4, [])
    build(data, people("riverside"), FIRST + dt.timedelta(days=3), lambda _: None)
    with open_warehouse(data) as connection:
        assert rows(connection, "select item_id, removed_on from core.reviews where removed_on is not null") == [
            {"item_id": "two", "removed_on": FIRST + dt.timedelta(days=3)}
        ]


def test_what_one_night_read_twice_in_one_place_is_one_item_and_always_the_same(tmp_path: Path) -> None:
    """Neither the order of the rows nor that of the columns' readers decides which of the two it is."""
    found = []
    for stars in ((1, 5), (5, 1)):
        data = DataDir(tmp_path / str(stars[0]))
        seen = [
            feature("review", "google_business", "google", FIRST, "riverside", item, stars=n, page="p", position=1)
            for item, values in (("twice", stars), ("twice the same", (3, 3)))
            for n in values
        ]
        write_night(data, "google_business", FIRST, seen, [visit("google_business", "google", FIRST, "riverside")])
        build(data, people("riverside"), None, lambda _: None)
        with open_warehouse(data) as connection:
            found.append(rows(connection, "select item_id, stars from core.reviews order by item_id"))
    assert found[0] == found[1]
    [twice, same] = found[0]
    assert (twice["item_id"], same) == ("twice", {"item_id": "twice the same", "stars": 3})
    assert twice["stars"] in (1, 5)


def test_months_that_are_over_are_joined_once_and_anew_when_one_of_their_nights_changes_or_expires(
    data: DataDir,
) -> None:
    """Whatever the joined files held, the warehouse says what the nights say now."""

    def reviews(night: dt.date, *items: str) -> None:
        seen = [feature("review", "google_business", "google", night, "riverside", item, stars=5) for item in items]
        write_night(data, "google_business", night, seen, [visit("google_business", "google", night, "riverside")])

    def built() -> tuple[list[str], set[Path]]:
        build(data, people("riverside"), None, lambda _: None)
        with open_warehouse(data) as connection:
            items = rows(connection, "select item_id from core.reviews order by item_id")
        # The nights of the month that is not over stand there too, one by one.
        joined = set(
            (data.build_folder / "months" / "features").glob("*/????-??-????????????????????????????????.parquet")
        )
        return [item["item_id"] for item in items], joined

    earlier, before, next_month = EARLIER, FIRST, FIRST + dt.timedelta(days=1)
    reviews(earlier, "one")
    # The night of the 1st is the last of the month before.
    reviews(before, "two")
    items, first_months = built()
    assert (items, first_months) == (["one", "two"], set())
    reviews(next_month, "three")
    items, first_months = built()
    assert items == ["one", "three", "two"]
    assert [month.stem[:7] for month in first_months] == ["2026-10"]
    # One joined by a version with other columns is joined anew.
    (month,) = first_months
    pq.write_table(pq.read_table(month).drop_columns(["words"]), month)
    again, months = built()
    assert (again, months) == (items, first_months)
    assert pq.read_schema(month).equals(READINGS)

    reviews(before, "four")
    items, second_months = built()
    assert items == ["four", "one", "three"]
    assert len(second_months) == 1
    assert second_months.isdisjoint(first_months)

    for stage in (data.features, data.completeness):
        stage("google_business", earlier).unlink()
    items, third_months = built()
    assert items == ["four", "three"]
    assert len(third_months) == 1
    assert third_months.isdisjoint(second_months)


_SIGHT = st.fixed_dictionaries(
    {
        "item_id": st.sampled_from(["one", "two"]),
        "stars": st.sampled_from([None, 1, 5]),
        "page": st.sampled_from(["a", "b"]),
        "position": st.integers(1, 2),
        "topics": st.sampled_from([[], [{"topic": "pain", "polarity": "negative", "sentence": 0}]]),
        "acts": st.sampled_from([[], ["question", "spam"]]),
    }
)


@settings(max_examples=30, deadline=None)
@given(nights=st.lists(st.lists(_SIGHT, max_size=6), max_size=5))
def test_what_nights_of_a_month_read_alike_is_one_row_and_nothing_is_lost(nights: list[list[dict[str, Any]]]) -> None:
    written: list[dict[str, Any]] = []
    for number, sights in enumerate(nights):
        night = FIRST + dt.timedelta(days=number)
        written += [feature("review", "google_business", "google", night, "riverside", **sight) for sight in sights]
    told = read_alike(pa.Table.from_pylist(written, schema=FEATURES)).to_pylist()
    sights_told = [
        {name: row[name] for name in FEATURES.names} | {"night": night, "page": page, "position": position}
        for row in told
        for night, page, position in zip(row["nights"], row["pages"], row["positions"], strict=True)
    ]
    assert sorted(map(repr, sights_told)) == sorted(map(repr, written))
    readings = [{**row, "night": None, "page": None, "position": None} for row in written]
    assert len(told) == len(set(map(repr, readings)))
    for row in told:
        seen_at = list(zip(row["nights"], row["pages"], row["positions"], strict=True))
        assert seen_at == sorted(seen_at)
        assert (row["night"], row["page"], row["position"]) == seen_at[-1]


def test_half_years_that_are_over_are_joined_but_for_the_first(data: DataDir) -> None:
    """The nights of the first may be expiring one by one."""
    nights = [dt.date(*day) for day in ((2025, 12, 15), (2026, 1, 1), (2026, 1, 2), (2026, 7, 1), (2026, 7, 2))]
    last = dt.date(2026, 9, 1)
    for night in (*nights, last):
        seen = [
            feature("review", "google_business", "google", night, "riverside", "one", stars=5),
            # A number belongs to the month of its last night.
            feature("metric", "google_business", "google", night, "riverside", "calls", metric="calls", value=3),
        ]
        write_night(data, "google_business", night, seen, [visit("google_business", "google", night, "riverside")])
    build(data, people("riverside"), None, lambda _: None)
    files = sorted(data.joined("features", "google_business").glob("*"))
    assert [path.name.rpartition("-")[0] for path in files] == ["2025-12", "2026-07", f"{last}", "2026-H1"]
    [half] = [pq.read_table(path).to_pylist() for path in files if "H1" in path.name]
    assert sorted((row["kind"], row["nights"]) for row in half) == [
        ("metric", [nights[2]]),
        ("metric", [nights[3]]),
        ("review", [nights[2], nights[3]]),
    ]


def test_dbt_compiles_anew_only_what_is_another(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet_night(data)
    first = build(data, people("riverside"), None, lambda _: None)
    made = warehouse_hash(data.warehouse)

    def dbt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.build._run_dbt", dbt)
    assert build(data, people("riverside"), None, lambda _: None) == first
    assert warehouse_hash(data.warehouse) == made
    with pytest.raises(KeyboardInterrupt):
        build(data, people("riverside", "elm"), None, lambda _: None)


def test_what_fails_without_dbt_leaves_the_old_warehouse_too(data: DataDir) -> None:
    quiet_night(data)
    build(data, people("riverside"), None, lambda _: None)
    before, told = data.warehouse.read_bytes(), data.build_folder / "published.json"
    true = told.read_bytes()
    kept = data.build_folder / "failed_checks" / "every_practice_has_been_visited.csv"
    for name, instead, said in (
        ("every_practice_has_been_visited", "select practice_id from staging.practices", "check '{}' found 1 rows"),
        ("ages", "select 1 / missing as age", "model '{}' failed: Binder Error"),
    ):
        published = json.loads(true)
        [statement] = [statement for statement in published["statements"] if statement["name"] == name]
        statement |= {"sql": instead, "only_warns": False}
        told.write_text(json.dumps(published), encoding="utf-8")
        with pytest.raises(CheckFailed) as failed:
            build(data, people("riverside"), None, lambda _: None)
        assert said.format(name) in failed.value.what
        assert data.warehouse.read_bytes() == before
        if instead.startswith("select practice_id"):
            assert kept.read_text(encoding="utf-8").splitlines() == ["practice_id", "riverside"]
        # There is no log of dbt's to look at.
        assert failed.value.evidence in (data.relative(kept), "")


def test_the_warehouse_is_told_what_each_policy_allows(data: DataDir) -> None:
    """Of a source whose module is gone the strictest is assumed."""
    for source, site in (("trustpilot", "trustpilot"), ("owner_export", "survey"), ("myspace", "myspace")):
        write_night(data, source, FIRST, [], [visit(source, site, FIRST, "riverside")])
    build(data, people("riverside"), FIRST, lambda _: None)
    with open_warehouse(data) as connection:
        told = rows(connection, "select source, blendable, attribution from staging.sources order by source")
        named = rows(connection, "select distinct site, attribution from reports.coverage order by site")
    assert told == [
        {"source": "myspace", "blendable": False, "attribution": ""},
        {"source": "owner_export", "blendable": True, "attribution": ""},
        {"source": "trustpilot", "blendable": False, "attribution": "Trustpilot"},
    ]
    assert [(row["site"], row["attribution"]) for row in named] == [
        ("myspace", ""),
        ("survey", ""),
        ("trustpilot", "Trustpilot"),
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project to break."""
    return Path(shutil.copytree(SQL, tmp_path / "sql"))


def test_a_failed_check_leaves_the_old_warehouse_and_shows_its_rows(data: DataDir, project: Path) -> None:
    data.root.mkdir()
    data.warehouse.write_bytes(b"the warehouse of before")
    quiet_night(data)
    (project / "tests" / "no_practice_is_quiet.sql").write_text(
        "-- one row per figure\nselect practice_id, state from {{ ref('figures') }} where state = 'zero'\n",
        encoding="utf-8",
    )
    with pytest.raises(CheckFailed) as failed:
        build(data, people("riverside"), None, lambda _: None, sql=project)
    assert "check 'no_practice_is_quiet' found" in failed.value.what
    assert "warehouse of before still stands" in failed.value.next_step
    assert failed.value.evidence == "build/failed_checks/no_practice_is_quiet.csv"
    kept = (data.root / failed.value.evidence).read_text(encoding="utf-8").splitlines()
    assert kept[:2] == ["practice_id,state", "riverside,zero"]
    assert data.warehouse.read_bytes() == b"the warehouse of before"


def test_a_metric_that_does_not_say_what_it_is_stops_the_build(data: DataDir, project: Path) -> None:
    quiet_night(data)
    entry = project / "models" / "metrics" / "low_share.yml"
    entry.write_text(entry.read_text(encoding="utf-8").replace("weakness:", "strength:"), encoding="utf-8")
    with pytest.raises(CheckFailed, match=r"low_share.yml does not say its weakness"):
        build(data, people("riverside"), None, lambda _: None, sql=project)
    assert not data.warehouse.exists()


def test_a_project_that_cannot_start_says_where_to_look(data: DataDir, tmp_path: Path) -> None:
    quiet_night(data)
    with pytest.raises(CheckFailed, match=r"Evidence: build/dbt.log"):
        build(data, people("riverside"), None, lambda _: None, sql=tmp_path)


def test_a_child_that_dies_is_told_from_one_that_found_nothing_and_never_sees_a_key(
    data: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet_night(data)
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\nenv > environment\nexit 3\n", encoding="utf-8")
    dying.chmod(0o755)
    monkeypatch.setenv("RAPPORT_KEY_GOOGLE_BUSINESS", "a key")
    monkeypatch.setattr("pipelines.build.sys.executable", str(dying))
    with pytest.raises(CheckFailed, match=r"exit code 3.*Evidence: build/dbt.log"):
        build(data, people("riverside"), None, lambda _: None)
    environment = (data.build_folder / "environment").read_text(encoding="utf-8")
    assert "RAPPORT_BUILD_WAREHOUSE" in environment
    assert "RAPPORT_KEY" not in environment
    assert not data.warehouse.exists()


def test_without_any_night_there_is_nothing_to_build(data: DataDir) -> None:
    with pytest.raises(NotReady, match=r"nothing has been scored yet. Run `rapport fetch`"):
        build(data, people("riverside"), None, lambda _: None)
    quiet_night(data)
    with pytest.raises(NotReady, match="up to the night of 2026-10-31"):
        build(data, people("riverside"), FIRST - dt.timedelta(days=1), lambda _: None)


def test_a_night_that_was_read_but_not_scored_is_refused(data: DataDir) -> None:
    quiet_night(data)
    records = data.records("google_business", FIRST + dt.timedelta(days=1))
    records.parent.mkdir(parents=True)
    records.touch()
    with pytest.raises(NotReady, match="Run `rapport score google_business 2026-11-02`"):
        build(data, people("riverside"), None, lambda _: None)


def test_a_night_that_another_run_has_only_read_is_left_out_as_if_it_had_not_been_read(
    data: DataDir, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet_night(data)
    second = FIRST + dt.timedelta(days=1)
    read = [data.records("google_business", night) for night in (FIRST, second)]
    for path in (*read, data.completeness("google_business", second)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.completeness("google_business", FIRST).read_bytes())
    monkeypatch.setattr("pipelines.build.sys.executable", "/bin/false")
    with pytest.raises(CheckFailed, match="exit code 1"):
        build(data, people("riverside"), None, said.append, others_run=True)
    assert said[0] == "left out: google_business, 2026-11-02, which another run has read and not scored yet"
    inputs = json.loads((data.build_folder / "inputs" / "inputs.json").read_text())
    of_none, of_first = (Path(path).name for path in inputs["completeness_files"])
    assert of_none == "completeness.parquet"
    assert of_first.startswith("2026-11-01-")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda table: table.append_column("mood", pa.nulls(table.num_rows)), "mood"),
        (lambda table: table.drop_columns(["words"]), "words"),
        (lambda table: table.set_column(11, "stars", pa.nulls(table.num_rows, pa.int64())), "stars"),
    ],
    ids=["another column", "a missing column", "another type"],
)
@pytest.mark.parametrize("night", [FIRST, EARLIER], ids=["of this month", "of one that is over"])
def test_a_file_with_other_columns_is_refused_by_name(data: DataDir, night: dt.date, spoil: object, said: str) -> None:
    quiet_night(data)
    for stage in (data.features, data.completeness):
        stage("google_business", EARLIER).write_bytes(stage("google_business", FIRST).read_bytes())
    path = data.features("google_business", night)
    assert callable(spoil)
    pq.write_table(spoil(pq.read_table(path)), path)
    with pytest.raises(ChangedShape, match=said) as refused:
        build(data, people("riverside"), None, lambda _: None)
    assert refused.value.where == f"features/google_business/{night}.parquet"


def test_a_broken_file_is_refused_by_name(data: DataDir) -> None:
    quiet_night(data)
    data.completeness("google_business", FIRST).write_bytes(b"PAR1")
    with pytest.raises(ChangedShape, match=r"completeness/google_business/2026-11-01.parquet: not a readable"):
        build(data, people("riverside"), None, lambda _: None)


def test_two_builds_at_once_are_refused(data: DataDir) -> None:
    quiet_night(data)
    data.build_folder.mkdir()
    with (data.build_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(NotReady, match="another build is running"):
            build(data, people("riverside"), None, lambda _: None)
