"""Bands of peers: between which values the middle half of the practices lie on a site. Nobody is compared by default.

An operator has to turn it on, and a number goes in only where the terms of every source that it was read from allow one
practice beside others. From a band no value of anybody can be told.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from pipelines.errors import BadSettings, UnknownName
from pipelines.landing import DataDir
from pipelines.sources import load_source
from pipelines.warehouse import open_warehouse, rows

# Who is in: named beside every band, and changed only together with its name.
RULE = "middle half of all practices of this installation with a figure on the site, version 1"
FEWEST_PRACTICES = 11
# What is compared, and the step that an edge is rounded to.
STEPS: Mapping[str, Decimal] = {
    "mean_stars": Decimal("0.1"),
    "low_share": Decimal("0.05"),
    "reply_share": Decimal("0.05"),
    "critical_reply_share": Decimal("0.05"),
}
_FIGURES = """
    select figures.site, figures.metric, figures.practice_id, figures.value, list(distinct coverage.source) as sources
    from reports.figures as figures
    inner join reports.coverage as coverage
        on figures.practice_id = coverage.practice_id and figures.site = coverage.site
        and figures.month = coverage.month
    where figures.month = $month and figures.part = '' and figures.value is not null
        and list_contains($metrics, figures.metric)
    group by all
    order by all
"""


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """The middle half of the practices: about a quarter of them lies below `low`, and a quarter above `high`."""

    site: str
    metric: str
    practices: int
    low: Decimal
    high: Decimal
    rule: str
    month: dt.date
    as_of_night: dt.date


def bands(data: DataDir, month: dt.date, *, on: bool) -> list[Band]:
    """Return the bands of a month (its first day) on each site, of the metrics of `STEPS`.

    There is none of fewer than eleven practices. Raises BadSettings unless the operator turned peers on, and NotReady
    if there is no warehouse.
    """
    if not on:
        raise BadSettings(
            "no practice is compared with others unless you turn it on",
            where="RAPPORT_PEER_BANDS",
            next_step="Set it to true if every practice has agreed to stand beside the others",
        )
    with open_warehouse(data) as connection:
        figures = rows(connection, _FIGURES, {"month": month, "metrics": list(STEPS)})
        as_of_night = rows(connection, "select as_of_night from reports.build_info")[0]["as_of_night"]
    values: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for figure in figures:
        if all(_is_comparable(source) for source in figure["sources"]):
            values[figure["site"], figure["metric"]].append(figure["value"])
    found = []
    for (site, metric), of_practices in sorted(values.items()):
        if (edges := band(of_practices, STEPS[metric])) is not None:
            told: dict[str, Any] = {"site": site, "metric": metric, "practices": len(of_practices), "month": month}
            found.append(Band(low=edges[0], high=edges[1], rule=RULE, as_of_night=as_of_night, **told))
    return found


def band(values: Sequence[Decimal], step: Decimal) -> tuple[Decimal, Decimal] | None:
    """Return the edges of the middle half of one value a practice, or None below eleven.

    An edge is the mean of the three values around the quartile, rounded to the step, so it is nobody's own.
    """
    if len(values) < FEWEST_PRACTICES:
        return None
    ordered = sorted(values)
    quarter = len(ordered) // 4
    lower, upper = ordered[quarter - 1 : quarter + 2], ordered[-quarter - 2 : len(ordered) - quarter + 1]
    low, high = (Decimal(round(sum(some, Decimal(0)) / 3 / step)) * step for some in (lower, upper))
    return low, high


def _is_comparable(source: str) -> bool:
    """Say whether a source's terms allow it. Of one whose module is gone the strictest is assumed."""
    try:
        return load_source(source).SOURCE.policy.comparable
    except UnknownName:
        return False
