"""Puts `statistics.py`, `scores.py` and `engagement.py` on a build's DuckDB connection, as functions of SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from inspect import signature
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from pipelines import engagement as quality
from pipelines import scores, statistics
from pipelines.advice import site_name

_COUNTS = "BIGINT[]"
_WEIGHTS = "DOUBLE[]"
_INTERVAL = "STRUCT(low DOUBLE, high DOUBLE)"
_ENGAGEMENT = "STRUCT(score DOUBLE, low DOUBLE, high DOUBLE, firmness VARCHAR, points DOUBLE[], weights BIGINT[])"
_WAITS = "STRUCT(half BIGINT, nine_of_ten BIGINT)"
_BURST = "STRUCT(gamma_poisson DOUBLE, negative_binomial DOUBLE, unusual BOOLEAN)"
_SUSTAINED = "STRUCT(verdict VARCHAR, months_ago BIGINT)"
_REPUTATION = (
    'STRUCT(score DOUBLE, low DOUBLE, high DOUBLE, words VARCHAR, "level" DOUBLE[], content DOUBLE[], answers DOUBLE, '
    "largest_move DOUBLE, out_of BIGINT[])"
)


def _interval(bounds: Callable[..., tuple[float, float]]) -> Callable[..., dict[str, float]]:
    """Let a function of two bounds give what SQL calls an interval."""

    @wraps(bounds)
    def interval(*arguments: int) -> dict[str, float]:
        low, high = bounds(*arguments)
        return {"low": low, "high": high}

    return interval


def dirichlet_mean(counts: Sequence[float]) -> dict[str, float]:
    _, _, low, high = statistics.dirichlet_mean(counts)
    return {"low": low, "high": high}


def kaplan_meier(answered: Sequence[int] | None, waiting: Sequence[int] | None) -> dict[str, int | None]:
    # An aggregate over no rows is NULL in SQL, not an empty list.
    return statistics.kaplan_meier(answered or [], waiting or [])._asdict()


def score_versions(score: str) -> list[dict[str, Any]]:
    known: dict[str, Sequence[scores.Version | quality.Version]] = {
        "reputation": scores.VERSIONS,
        "engagement": quality.VERSIONS,
    }
    return [{"name": version.name, "valid_from": version.valid_from} for version in known[score]]


def engagement(successes: Sequence[int], trials: Sequence[int], version: str) -> dict[str, Any]:
    [of_version] = [known for known in quality.VERSIONS if known.name == version]
    counts = dict(zip(quality.PARTS, zip(successes, trials, strict=True), strict=True))
    found = quality.engagement_score(counts, of_version)
    return {
        "score": found.score,
        "low": found.low,
        "high": found.high,
        "firmness": found.firmness,
        "points": [found.points[part] for part in quality.PARTS],
        "weights": [of_version.weights[part].points for part in quality.PARTS],
    }


def burst(weeks_before: Sequence[int], this_week: int) -> dict[str, Any]:
    return statistics.burst(weeks_before, this_week)._asdict()


def sustained_change(base: Sequence[int], sums: Sequence[int], sizes: Sequence[int]) -> dict[str, Any] | None:
    base_sum, base_squares, base_size = base
    found = statistics.sustained_change(base_sum, base_squares, base_size, sums, sizes)
    return found._asdict() if found else None


def reputation(
    counts: Sequence[Sequence[float]], weights: Sequence[float], answered: float, critical: float, version: str
) -> dict[str, Any]:
    [of_version] = [known for known in scores.VERSIONS if known.name == version]
    found = scores.reputation(counts, weights, answered, critical, of_version)
    return found._asdict() | {"out_of": [of_version.level, of_version.content, of_version.answers]}


_FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "wilson": (_interval(statistics.wilson), ["BIGINT", "BIGINT"], _INTERVAL),
    "poisson": (_interval(statistics.poisson), ["BIGINT"], _INTERVAL),
    "net_share": (_interval(statistics.net_share), ["BIGINT"] * 3, _INTERVAL),
    "dirichlet_mean": (dirichlet_mean, [_WEIGHTS], _INTERVAL),
    "permutation_test": (statistics.permutation_test, [_COUNTS, _COUNTS], "DOUBLE"),
    "fisher_test": (statistics.fisher_test, ["BIGINT"] * 4, "DOUBLE"),
    "count_test": (statistics.count_test, ["BIGINT"] * 4, "DOUBLE"),
    "benjamini_hochberg": (statistics.benjamini_hochberg, ["DOUBLE[]"], "DOUBLE[]"),
    "score_versions": (score_versions, ["VARCHAR"], "STRUCT(name VARCHAR, valid_from DATE)[]"),
    "engagement": (engagement, [_COUNTS, _COUNTS, "VARCHAR"], _ENGAGEMENT),
    "kaplan_meier": (kaplan_meier, [_COUNTS, _COUNTS], _WAITS),
    "decay": (statistics.decay, ["BIGINT"], "DOUBLE"),
    "effective_number": (statistics.effective_number, ["DOUBLE", "DOUBLE"], "DOUBLE"),
    "burst": (burst, [_COUNTS, "BIGINT"], _BURST),
    "sustained_change": (sustained_change, [_COUNTS] * 3, _SUSTAINED),
    "reputation": (reputation, ["DOUBLE[][]", _WEIGHTS, "DOUBLE", "DOUBLE", "VARCHAR"], _REPUTATION),
    "site_name": (site_name, ["VARCHAR"], "VARCHAR"),
}
# Functions that are asked about nothing at all, or have nothing to say of what they are asked.
_NULLS = frozenset({"kaplan_meier", "sustained_change"})


# The most answers each function remembers: the same few counts come again and again in a month of practices.
_REMEMBERED = 65_536


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every statistic, and the name of a site, a SQL function.

    All but those of `_NULLS` give NULL for a NULL argument, and only then.
    """
    for name, (function, takes, gives) in _FUNCTIONS.items():
        handling = FunctionNullHandling.SPECIAL if name in _NULLS else FunctionNullHandling.DEFAULT
        answers = _by_batch(function, _arrow_type(connection, gives))
        connection.create_function(name, answers, [*takes], gives, null_handling=handling, type=PythonUDFType.ARROW)


def _arrow_type(connection: duckdb.DuckDBPyConnection, name: str) -> pa.DataType:
    return connection.execute(f"select null::{name}").to_arrow_table().schema.field(0).type


def _by_batch(function: Callable[..., Any], gives: pa.DataType) -> Callable[..., pa.Array]:
    """Let a function of one row answer some thousand rows at once, and each set of arguments only once."""
    remembering = lru_cache(maxsize=_REMEMBERED)(function)

    def answers(*columns: pa.ChunkedArray) -> pa.Array:
        rows = list(zip(*map(_values, columns), strict=True))
        places = {row: place for place, row in enumerate(dict.fromkeys(rows))}
        # Named, because of no rows at all Arrow cannot guess the type.
        order = pa.array([places[row] for row in rows], pa.int64())
        return pa.array([remembering(*row) for row in places], gives).take(order)

    # DuckDB counts the parameters by it.
    answers.__signature__ = signature(function)  # type: ignore[attr-defined]
    return answers


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column's values in a form that can be looked up: lists, and lists of lists, become tuples."""
    values: list[Any] = column.to_pylist()
    return list(map(_tuples, values)) if pa.types.is_list(column.type) else values


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
