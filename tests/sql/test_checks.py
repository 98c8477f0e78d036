"""Every check of `sql/tests` passes on a sound warehouse and finds the fault it is named after in a spoiled one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.build import SQL
from pipelines.landing import DataDir
from pipelines.warehouse import name_files
from tests.histories import built_at

FAULTS = {
    "a_figure_has_a_value_exactly_when_its_state_says_so": "update reports.figures set value = null",
    "a_practice_is_read_once_per_site": "insert into core.practice_sites select 'b', * exclude (source) "
    "from core.practice_sites",
    "a_removed_item_is_absent_from_a_complete_list": "update core.items set removed_on = removed_on + 1",
    "a_review_or_reply_is_one_row": "insert into core.items from core.items limit 1",
    "a_verdict_is_only_spoken_when_it_was_earned": "update reports.verdicts set verdict = 'rose'",
    "every_figure_is_one_row": "insert into reports.figures from reports.figures limit 1",
    "every_metric_of_the_folder_is_in_the_figures": "delete from reports.figures where metric = 'low_share'",
    "every_month_of_the_spine_is_in_every_metric": "delete from reports.figures where month = '2026-10-01'",
    "every_observation_belongs_to_a_configured_practice": "delete from staging.practices",
    "every_practice_has_been_visited": "insert into staging.practices values ('new', 'UTC')",
    "every_reply_answers_a_review_we_hold": "delete from core.reviews",
    "every_review_has_a_date": "update core.reviews set created_local = null",
    "everything_said_has_a_date": "update core.items set kind = 'post', created_local = null",
    "every_site_that_was_visited_has_coverage": "delete from reports.coverage where site = 'google'",
    "no_figure_is_outside_its_bounds": "update reports.figures set value = 1.5 where metric = 'low_share'",
    "no_month_is_missing_from_the_spine": "delete from core.months where month = '2026-09-01'",
    "no_text_and_no_name_is_in_the_warehouse": "alter table core.reviews add column author_name varchar",
    "nothing_is_later_than_the_night_of_the_build": "update staging.build set as_of_night = '2026-09-01'",
    "only_answerable_reviews_need_an_answer": "update core.answerable_reviews set stars = 4",
    "the_star_counts_add_up_to_the_rated_reviews": "update metrics.star_distribution set numerator = 99",
    "we_hold_as_many_reviews_as_the_platform_counts": "update reports.coverage set held = held + 50",
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return built_at(tmp_path_factory.getbasetemp(), None)[0]


@pytest.fixture
def copy(town: DataDir) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy in memory, under the warehouse's own name, to spoil."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{town.warehouse}' as published (read_only)")
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("copy from database published to warehouse")
        connection.execute("detach published")
        # A published warehouse has no view of the files it was built from; the checks ran before it was sealed.
        name_files(connection, town.build_folder / "inputs" / "inputs.json")
        for view in ("features", "completeness"):
            compiled = town.build_folder / "dbt" / "compiled" / "rapport" / "models" / "staging" / f"{view}.sql"
            connection.execute(f"create view warehouse.staging.{view} as {compiled.read_text(encoding='utf-8')}")
        connection.execute("use warehouse")
        yield connection


def test_every_check_has_a_fault_it_finds() -> None:
    assert {path.stem for path in (SQL / "tests").glob("*.sql")} == FAULTS.keys()


@pytest.mark.parametrize("check", FAULTS)
def test_a_check_finds_its_fault_and_nothing_else(check: str, town: DataDir, copy: duckdb.DuckDBPyConnection) -> None:
    compiled: Path = town.build_folder / "dbt" / "compiled" / "rapport" / "tests" / f"{check}.sql"
    asked = compiled.read_text(encoding="utf-8")
    assert copy.execute(asked).fetchall() == []
    copy.execute(FAULTS[check])
    assert copy.execute(asked).fetchall() != []
