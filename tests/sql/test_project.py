"""The dbt project's own rules: a grain on every first line, and a metric that says what it is (make check lints)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pipelines.build import SQL
from pipelines.sources import load_source, source_names
from pipelines.warehouse import open_warehouse, rows
from tests.histories import built_at

METRICS = sorted(path.stem for path in (SQL / "models" / "metrics").glob("*.sql"))
SELECTS = sorted([*(SQL / "models").rglob("*.sql"), *(SQL / "tests").glob("*.sql")])


@pytest.mark.parametrize("path", SELECTS, ids=lambda path: path.stem)
def test_the_first_comment_says_the_grain(path: Path) -> None:
    comment = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("--"))
    assert comment.startswith("-- one row"), comment


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_has_an_entry_and_an_example(metric: str) -> None:
    entry = yaml.safe_load((SQL / "models" / "metrics" / f"{metric}.yml").read_text(encoding="utf-8"))
    assert [model["name"] for model in entry["models"]] == [metric]
    assert {example["model"] for example in entry["unit_tests"]} == {metric}


def test_no_metric_adds_up_what_is_not_a_whole_number(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The order in which doubles are added changes from run to run; averages hide such a sum."""
    for path in SELECTS:
        text = path.read_text(encoding="utf-8").lower()
        assert "avg(" not in text, path
        assert "median(" not in text, path
    with open_warehouse(built_at(tmp_path_factory.getbasetemp(), None)[0]) as connection:
        doubles = rows(
            connection,
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_catalog = 'warehouse' and data_type in ('DOUBLE', 'FLOAT')",
        )
    assert doubles == []


def test_the_catalogue_says_what_the_entries_say(tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_warehouse(built_at(tmp_path_factory.getbasetemp(), None)[0]) as connection:
        catalogue = {row["metric"]: row for row in rows(connection, "select * from reports.catalogue")}
    assert sorted(catalogue) == METRICS
    for metric in METRICS:
        entry = yaml.safe_load((SQL / "models" / "metrics" / f"{metric}.yml").read_text(encoding="utf-8"))
        said = {name: str(value).strip() for name, value in entry["models"][0]["config"]["meta"].items()}
        assert {name: catalogue[metric][name] for name in said} == said


def test_a_night_looks_back_as_far_as_any_source_lists() -> None:
    """What a list of part of a forum lacks says nothing for as long as the source lists."""
    [months] = re.findall(r'reads=\{"completeness": (\d+)', (SQL / "models/core/listings.sql").read_text("utf-8"))
    assert max(load_source(name).SOURCE.window_days or 0 for name in source_names()) <= int(months) * 28
