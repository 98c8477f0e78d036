"""Builds of only what a night touched: the same warehouse as a full build's, whatever the night brought."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from pipelines.__main__ import rapport
from pipelines.build import build
from pipelines.landing import DataDir, write_bytes
from pipelines.remake import Outcome
from pipelines.warehouse import open_warehouse, table_hashes
from tests.histories import built_at
from tests.replay import all_compiled, outcomes_of, rebuild
from tests.touched_town import REVIEWS, STORIES, Town, grown, happen

LAST = dt.date(2026, 7, 30)
TOLD = (*STORIES, *["recent"] * 6)


@dataclass
class World:
    """A town, and its warehouse as a build of the night `LAST` left it."""

    town: Town
    data: DataDir

    def copied(self, folder: Path) -> World:
        # Nothing that a build keeps is written in place, so the files themselves can be the same.
        shutil.copytree(self.data.root, folder, copy_function=os.link)
        return World(self.town.copied(), DataDir(folder))

    def build(self, full_up_to_rows: int | None) -> str:
        """Build, and return what is said of what has to be made."""
        said: list[str] = []
        build(self.data, self.town.configured, None, said.append, full_up_to_rows=full_up_to_rows)
        return next(line for line in said if line.startswith("build: "))


@pytest.fixture(scope="module")
def in_one_go(tmp_path_factory: pytest.TempPathFactory) -> Callable[[World], str]:
    """Let a build make its warehouse of the same SQL in one go, without dbt and its checks."""
    built = built_at(tmp_path_factory.getbasetemp(), None)[0]
    models, outcomes = all_compiled(built), outcomes_of(built)

    def in_full(world: World) -> str:
        folder = world.data.build_folder

        def run(*_: object, **__: object) -> list[Outcome]:
            rebuild(models, folder, folder / world.data.warehouse.name)
            return outcomes

        with pytest.MonkeyPatch.context() as patch:
            for made_by in ("_run_dbt", "remake"):
                patch.setattr(f"pipelines.build.{made_by}", run)
            return world.build(None)

    return in_full


@pytest.fixture(scope="module")
def worlds(in_one_go: Callable[[World], str], tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:
    """The world where it was built, and a copy for all tests that need it as it was then."""
    # So few are touched as a whole that the others are made again from June on, not from the oldest of these.
    town = grown(3, TOLD, new=90, months=27, last=LAST)
    folder = tmp_path_factory.mktemp("touched")
    world = World(town, DataDir(folder / "data"))
    town.write(world.data)
    assert in_one_go(world).startswith("build: everything")
    return world, world.copied(folder / "kept")


@pytest.fixture
def world(worlds: tuple[World, World], tmp_path: Path) -> World:
    """The world to itself."""
    return worlds[1].copied(tmp_path / "data")


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every build be killed when it has said what has to be made, and has begun a new file."""

    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for made_by in ("_run_dbt", "remake"):
        monkeypatch.setattr(f"pipelines.build.{made_by}", kill)


def begun(world: World, full_up_to_rows: int | None = 0) -> str:
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        build(world.data, world.town.configured, None, said.append, full_up_to_rows=full_up_to_rows)
    return next(line for line in said if line.startswith("build: "))


def test_whatever_nights_told_the_warehouse_is_that_of_a_full_build(
    worlds: tuple[World, World], in_one_go: Callable[[World], str]
) -> None:
    """Two nights at once, the second in another month: the first tells of each practice one single thing."""
    world, town = worlds[0], worlds[0].town
    told = dict(zip(town.ids, TOLD, strict=False))
    town.write(world.data, happen(town, LAST + dt.timedelta(days=1), told))
    usual = {practice: story for practice, story in told.items() if story == "recent"}
    town.write(world.data, happen(town, LAST + dt.timedelta(days=9), usual))
    said = world.build(0)
    # Before June nothing is made again but by what marks a practice.
    assert said.startswith("build: the months from 2026-06 on and all of ")
    assert not said.endswith(" 0 rows of before are withdrawn")

    with open_warehouse(world.data) as connection:
        form = connection.execute("select tags from duckdb_databases() where database_name = 'warehouse'").fetchall()
        free = connection.execute("select free_blocks from pragma_database_size() where database_name = 'warehouse'")
        # What was withdrawn stands nowhere in the file, not even where tables have let go of it.
        assert free.fetchall() == [(0,)]
        assert form == [({"storage_version": "v1.5.0+"},)]

    of_touched_months = table_hashes(world.data.warehouse)
    in_one_go(world)
    assert of_touched_months == table_hashes(world.data.warehouse)


@pytest.mark.usefixtures("killed")
def test_a_build_says_why_it_makes_everything(world: World) -> None:
    assert begun(world, None).endswith("rows of features are few")
    assert begun(world, 1_000_000).endswith("rows of features are few")
    # The one of which something is dated later than it was seen is never left as it was.
    assert begun(world).startswith("build: the months from 2026-06 on and all of 1 practices, ")
    told = world.data.build_folder / "published.json"
    true = told.read_bytes()
    for name, why in (
        (b'"made_by":"', "the SQL, the code or the configuration is another than the last build's"),
        (b'"inputs_id":"', "the warehouse is not the one of the last build"),
        (b'"bytes_in_full":', "the gaps of rows that were made again have made the warehouse half as large again"),
    ):
        other = name + b"x" if name.endswith(b'"') else name + b'1,"was":'
        write_bytes(told, true.replace(name, other))
        assert begun(world) == f"build: everything, because {why}"
    write_bytes(told, true)
    # As `purge` lets a night go: nothing of it may stay in the file.
    world.data.features(REVIEWS, dt.date(2026, 7, 21)).unlink()
    next(world.data.joined("features", REVIEWS).glob("2026-07-21-*")).unlink()
    assert begun(world) == "build: everything, because nights of the last build have expired"


@pytest.mark.usefixtures("killed")
def test_a_night_that_touched_much_or_an_earlier_one_is_built_in_full(world: World) -> None:
    town, night = world.town, LAST + dt.timedelta(days=1)
    town.write(world.data, happen(town, night, dict.fromkeys(town.ids[:70], "list of nothing")))
    assert begun(world).startswith("build: everything, because the night touched 5")
    with pytest.raises(KeyboardInterrupt):
        build(world.data, town.configured, LAST, lambda _: None, full_up_to_rows=0)
    for stage in (world.data.features, world.data.completeness):
        for source in ("google_business", "mastodon"):
            for day in (night, LAST):
                stage(source, day).unlink()
    assert begun(world).endswith(f"the warehouse already knows the night of {LAST}")


@pytest.mark.usefixtures("killed")
def test_a_killed_build_of_touched_months_leaves_the_old_warehouse(world: World) -> None:
    before = world.data.warehouse.read_bytes()
    town = world.town
    town.write(world.data, happen(town, LAST + dt.timedelta(days=1), dict.fromkeys(town.ids, "recent")))
    new = world.data.build_folder / world.data.warehouse.name
    for _ in range(2):
        assert begun(world).startswith("build: the months from 2026-06 on and all of 1 practices")
        assert new.is_file()
        assert world.data.warehouse.read_bytes() == before
        # What it was made with is still known, and with it what the next build has to make.
        with duckdb.connect(str(new)) as connection:
            connection.execute("drop table core.items")


@pytest.mark.usefixtures("killed")
def test_what_searches_for_names_find_touches_no_month(world: World) -> None:
    """It is made again every night, so posts of four months ago are no reason to make these months again."""
    town = world.town
    said = []
    for story in ("nothing", "names searched"):
        town.write(world.data, happen(town, LAST + dt.timedelta(days=1), dict.fromkeys(town.ids, story)))
        said.append(begun(world))
    assert said[0] == said[1]
    assert " and all of 1 practices, " in said[0]


def test_the_setting_says_from_how_many_rows_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAPPORT_FULL_BUILD_ROWS", "12345")
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(tmp_path))
    (tmp_path / "practices.toml").write_text('[[practice]]\nid = "elm"\nname = "Elm"\n', encoding="utf-8")
    monkeypatch.setenv("RAPPORT_PRACTICES_FILE", str(tmp_path / "practices.toml"))
    asked: list[object] = []

    def built(*_: object, full_up_to_rows: int) -> None:
        asked.append(full_up_to_rows)
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.build.build", built)
    CliRunner().invoke(rapport, ["build"])
    assert asked == [12345]
