"""Puts `statistics.py` and `engagement.py` on dbt's DuckDB connection, and tells its SQL which files to read.

A plugin of dbt-duckdb, imported by dbt in the build's child process only. The models reach the inputs as DuckDB
variables, so no path ever becomes part of a model, of its compiled SQL or of the command line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.func import FunctionNullHandling

from pipelines import scores, statistics
from pipelines.engagement import WEIGHTS, engagement_score

_COUNTS = "BIGINT[]"
_WEIGHTS = "DOUBLE[]"
_INTERVAL = "STRUCT(low DOUBLE, high DOUBLE)"
_ENGAGEMENT = "STRUCT(score DOUBLE, low DOUBLE, high DOUBLE, firmness VARCHAR, points DOUBLE[], weights BIGINT[])"
_BURST = "STRUCT(gamma_poisson DOUBLE, negative_binomial DOUBLE, unusual BOOLEAN)"
_SUSTAINED = "STRUCT(verdict VARCHAR, months_ago BIGINT)"
_REPUTATION = (
    'STRUCT(score DOUBLE, low DOUBLE, high DOUBLE, words VARCHAR, "level" DOUBLE[], content DOUBLE[], answers DOUBLE)'
)


def wilson(successes: int, trials: int) -> dict[str, float]:
    low, high = statistics.wilson(successes, trials)
    return {"low": low, "high": high}


def dirichlet_mean(counts: Sequence[float]) -> dict[str, float]:
    _, _, low, high = statistics.dirichlet_mean(counts)
    return {"low": low, "high": high}


def kaplan_meier_median(answered: Sequence[int] | None, waiting: Sequence[int] | None) -> int | None:
    # An aggregate over no rows is NULL in SQL, not an empty list.
    return statistics.kaplan_meier_median(answered or [], waiting or [])


def engagement(successes: Sequence[int], trials: Sequence[int]) -> dict[str, Any]:
    found = engagement_score(dict(zip(WEIGHTS, zip(successes, trials, strict=True), strict=True)))
    return {
        "score": found.score,
        "low": found.low,
        "high": found.high,
        "firmness": found.firmness,
        "points": [found.points[part] for part in WEIGHTS],
        "weights": [weight.points for weight in WEIGHTS.values()],
    }


def burst(weeks_before: Sequence[int], this_week: int) -> dict[str, Any]:
    return statistics.burst(weeks_before, this_week)._asdict()


def sustained_change(base: Sequence[int], sums: Sequence[int], sizes: Sequence[int]) -> dict[str, Any] | None:
    base_sum, base_squares, base_size = base
    found = statistics.sustained_change(base_sum, base_squares, base_size, sums, sizes)
    return found._asdict() if found else None


def reputation(
    counts: Sequence[Sequence[float]], weights: Sequence[float], answered: float, critical: float
) -> dict[str, Any]:
    return scores.reputation(counts, weights, answered, critical)._asdict()


_FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "wilson": (wilson, ["BIGINT", "BIGINT"], _INTERVAL),
    "dirichlet_mean": (dirichlet_mean, [_WEIGHTS], _INTERVAL),
    "permutation_test": (statistics.permutation_test, [_COUNTS, _COUNTS], "DOUBLE"),
    "fisher_test": (statistics.fisher_test, ["BIGINT"] * 4, "DOUBLE"),
    "count_test": (statistics.count_test, ["BIGINT"] * 4, "DOUBLE"),
    "benjamini_hochberg": (statistics.benjamini_hochberg, ["DOUBLE[]"], "DOUBLE[]"),
    "engagement": (engagement, [_COUNTS, _COUNTS], _ENGAGEMENT),
    "kaplan_meier_median": (kaplan_meier_median, [_COUNTS, _COUNTS], "BIGINT"),
    "decay": (statistics.decay, ["BIGINT"], "DOUBLE"),
    "effective_number": (statistics.effective_number, ["DOUBLE", "DOUBLE"], "DOUBLE"),
    "burst": (burst, [_COUNTS, "BIGINT"], _BURST),
    "sustained_change": (sustained_change, [_COUNTS] * 3, _SUSTAINED),
    "reputation": (reputation, ["DOUBLE[][]", _WEIGHTS, "DOUBLE", "DOUBLE"], _REPUTATION),
}
# Functions that are asked about nothing at all, or have nothing to say of what they are asked.
_NULLS = frozenset({"kaplan_meier_median", "sustained_change"})


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every statistic a SQL function. All but those of `_NULLS` give NULL for a NULL argument, and only then."""
    for name, (function, takes, gives) in _FUNCTIONS.items():
        handling = FunctionNullHandling.SPECIAL if name in _NULLS else FunctionNullHandling.DEFAULT
        connection.create_function(name, function, [*takes], gives, null_handling=handling)


class Plugin(BasePlugin):
    """What profiles.yml names; `inputs` is the path of a JSON object of file lists."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._inputs: dict[str, list[str]] = json.loads(Path(plugin_config["inputs"]).read_text(encoding="utf-8"))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        register(conn)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for name, files in self._inputs.items():
            listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            cursor.execute(f"set variable {name} = [{listed}]")
