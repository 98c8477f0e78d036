"""Every check of `sql/tests` passes on a sound warehouse and finds the fault it is named after in a spoiled one.

And no model holds a join whose cost grows with the square of the data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build import SQL
from pipelines.landing import DataDir
from pipelines.sql_functions import register
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
    "every_practice_has_been_visited": "insert into staging.practices (practice_id, time_zone) values ('new', 'UTC')",
    "every_reply_answers_a_review_we_hold": "delete from core.reviews",
    "every_review_has_a_date": "update core.reviews set created_local = null",
    "everything_said_has_a_date": "update core.items set kind = 'post', created_local = null",
    "every_site_that_was_visited_has_coverage": "delete from reports.coverage where site = 'google'",
    "no_figure_is_outside_its_bounds": "update reports.figures set value = 1.5 where metric = 'low_share'",
    "no_month_is_missing_from_the_spine": "delete from core.months where month = '2026-09-01'",
    "no_text_and_no_name_is_in_the_warehouse": "alter table core.reviews add column author_name varchar",
    "nothing_is_later_than_the_night_of_the_build": "update staging.build set as_of_night = '2026-09-01'",
    "only_answerable_reviews_need_an_answer": "update core.reviews set score_stars = 4",
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
        for view in ("features", "namings", "completeness"):
            compiled = town.build_folder / "dbt" / "compiled" / "rapport" / "models" / "staging" / f"{view}.sql"
            connection.execute(f"create view warehouse.staging.{view} as {compiled.read_text(encoding='utf-8')}")
        connection.execute("use warehouse")
        # What no build could leave in a view can be put into a table.
        connection.execute("create table reports.told as from reports.figures")
        connection.execute("drop view reports.figures")
        connection.execute("alter table reports.told rename to figures")
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


@pytest.mark.parametrize(
    ("metric", "column", "below"),
    [
        ("low_share", "value", -0.5),
        ("reviews_per_30_days", "low", -0.5),
        ("reviews_received", "numerator", -1),
        ("net_sentiment", "value", -1.5),
        ("net_sentiment", "low", -1.5),
        ("net_sentiment", "numerator", -99),
        ("topic_balance", "numerator", -99),
    ],
)
def test_each_metric_has_its_own_least(
    metric: str, column: str, below: float, town: DataDir, copy: duckdb.DuckDBPyConnection
) -> None:
    """Nothing is below zero but what says so, and that no further than it says."""
    asked = (town.build_folder / "dbt/compiled/rapport/tests/no_figure_is_outside_its_bounds.sql").read_text("utf-8")
    there = f"where metric = '{metric}' and {column} is not null"
    copy.execute(f"update reports.figures set {column} = {below} {there}")
    [(number,)] = copy.execute(f"select count(*) from reports.figures {there}").fetchall()
    found = copy.execute(f"select metric, count(*) from ({asked}) as found group by all").fetchall()
    assert found == [(metric, number)]


# What no year and no practice adds rows to: to compare everything with these costs so many times its own size at most.
DO_NOT_GROW = {"staging.build", "staging.topics", "core.score_versions"}
# Joins that compare every row of one side with every row of the other, whether DuckDB sorts both before or not.
OF_EVERY_PAIR = {"NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT", "PIECEWISE_MERGE_JOIN", "IE_JOIN"}


def test_no_model_compares_everything_with_everything(town: DataDir, copy: duckdb.DuckDBPyConnection) -> None:
    register(copy)
    # Small tables would be compared row by row even where many rows would be hashed.
    for kind in ("nested_loop_join", "merge_join", "asof_loop_join"):
        copy.execute(f"set {kind}_threshold = 0")
    models = sorted((town.build_folder / "dbt" / "compiled" / "rapport" / "models").glob("*/*.sql"))
    assert {path.stem for path in models} == {path.stem for path in (SQL / "models").glob("*/*.sql")}
    found = {path.stem: every_pair_joins(copy, path.read_text(encoding="utf-8")) for path in models}
    assert {name: joins for name, joins in found.items() if joins} == {}


@pytest.mark.parametrize(
    "condition",
    [
        "a.item_id = b.item_id and a.kind = 'review'",
        "a.item_id = b.item_id and (b.removed_on is null or a.last_seen < b.removed_on)",
        "a.first_seen <= b.last_seen",
    ],
)
def test_a_join_that_compares_every_pair_is_seen(condition: str, copy: duckdb.DuckDBPyConnection) -> None:
    assert every_pair_joins(copy, f"select a.kind from core.items as a anti join core.items as b on {condition}") != []
    assert every_pair_joins(copy, "select a.kind from core.items as a anti join core.items as b using (item_id)") == []


def every_pair_joins(connection: duckdb.DuckDBPyConnection, asked: str) -> list[str]:
    """Return the joins of every pair in a query's plan, without those where one side is of constant size."""
    [(_, plan)] = connection.execute(f"explain (format json) {asked}").fetchall()
    waiting, found = list(json.loads(plan)), []
    while waiting:
        node = waiting.pop()
        waiting += node["children"]
        if node["name"].strip() in OF_EVERY_PAIR and all(map(grows, node["children"])):
            found.append(f"{node['name']} {node['extra_info']}")
    return found


def grows(node: dict[str, Any]) -> bool:
    """Return whether a part of a plan reads anything but constants and tables that stay small."""
    if node["children"]:
        return any(map(grows, node["children"]))
    name = node["name"].strip()
    if name == "SEQ_SCAN":
        return node["extra_info"]["Table"].removeprefix("warehouse.") not in DO_NOT_GROW
    return name not in ("DUMMY_SCAN", "COLUMN_DATA_SCAN")
