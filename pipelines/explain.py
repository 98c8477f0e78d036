"""Trace one figure of a report back to its definition, its SQL, the items behind it and the pages they came from.

The warehouse holds all of that itself, so a figure is explained by the very build that made it, not by today's SQL.
"""

from __future__ import annotations

import datetime as dt
import difflib
from typing import Any

import duckdb
import msgspec

from pipelines.errors import UnknownName
from pipelines.landing import DataDir
from pipelines.periods import add_months, month_name
from pipelines.statistics import STARS, newcombe, probability_of_decline, rates_and_mix
from pipelines.warehouse import open_warehouse, rows

# Of what there is in place of a name that is unknown: all metrics, but not all practices of a large town.
_MOST_NAMES = 100

_FIGURES = """
    select site, part, value, low, high, numerator, sample_size, state, reason
    from reports.figures
    where practice_id = $practice and month = $month and metric = $metric
        -- A figure of the practice as a whole is of every site.
        and (site = '' or site = coalesce($site, site))
    order by site, part
"""
# The condition is the metric's own, from the .yml beside its SQL; it names columns of the table and the month.
_ROWS = {
    "reviews": """
    with period as (select $month::date as month_start, $after::date as month_after),
    -- With the stars that stood at the end of the month, as they were counted.
    of_month as (
        select reviews.* replace (
            if(spans.item_id is null, reviews.stars, spans.stars) as stars,
            if(spans.item_id is null, reviews.state, spans.state) as state,
            if(spans.item_id is null, reviews.score_stars, spans.score_stars) as score_stars
        )
        from core.reviews as reviews
        left join core.star_spans as spans
            on reviews.source = spans.source and reviews.site = spans.site
            and reviews.practice_id = spans.practice_id and reviews.item_id = spans.item_id
            and spans.from_month <= $month and $month < spans.until_month
        where reviews.practice_id = $practice
    ),
    reviews as (
        select reviews.*
        from of_month as reviews, period
        where practice_id = $practice and site = coalesce($site, site) and ({condition})
    ),
    answers as (
        select source, site, practice_id, parent_id, min(first_reply_at) as first_reply_at
        from core.replies
        where visible
        group by all
    )
    select
        reviews.site, reviews.item_id, reviews.stars, reviews.created_local, answers.first_reply_at,
        marks.handled_on, reviews.removed_on, gone.announced_on, gone.lists as lists_without, gone.confirmed_on,
        reviews.page, reviews.position
    from reviews
    left join answers
        on reviews.source = answers.source and reviews.site = answers.site
        and reviews.practice_id = answers.practice_id and reviews.item_id = answers.parent_id
    left join core.handled_privately as marks
        on reviews.source = marks.source and reviews.site = marks.site and marks.kind = 'review'
        and reviews.practice_id = marks.practice_id and reviews.item_id = marks.item_id
    left join core.absences as gone
        on reviews.source = gone.source and reviews.site = gone.site and reviews.practice_id = gone.practice_id
        and reviews.item_id = gone.item_id and reviews.removed_on = gone.absent_on
    order by reviews.site, reviews.created_local, reviews.source, reviews.item_id
""",
    "talk": """
    with period as (select $month::date as month_start, $after::date as month_after),
    talk as (
        select talk.*
        from core.talk as talk, period
        where practice_id = $practice and site = coalesce($site, site) and ({condition})
    )
    select
        talk.site, talk.kind, talk.item_id, talk.voice, talk.created_local, calls.outcome, talk.removed_on, talk.page,
        talk.position
    from talk
    left join core.calls as calls
        on talk.practice_id = calls.practice_id and talk.month = calls.month and talk.source = calls.source
        and talk.site = calls.site and talk.kind = calls.kind and talk.item_id = calls.item_id
    order by talk.site, talk.created_local, talk.source, talk.kind, talk.item_id
""",
    "named_practices": """
    with period as (select $month::date as month_start, $after::date as month_after)
    select
        named.site, named.item_id, named.created_local, compared.shown as names, null as removed_on, named.page,
        named.position
    from core.named_practices as named
    cross join period
    inner join staging.compared as compared
        on named.practice_id = compared.practice_id and named.named = compared.named
    where named.practice_id = $practice and named.site = coalesce($site, named.site) and ({condition})
    order by named.site, named.created_local, named.source, named.item_id, named.named
""",
}
# What a score is made of: points of how many, and the counts they come from.
_PARTS = """
    select
        site, part || if(site = '' and of_site <> '', ' on ' || of_site, '') as part, points, out_of, inputs,
        if(handled > 0, handled || ' handled privately', null) as why,
        if(is_current, '', 'version ' || version) as version
    from reports.score_parts
    where practice_id = $practice and month = $month and score = $metric
        and (site = '' or site = coalesce($site, site))
    union all
    select
        '', part, points, "of", [s, n], coalesce(why, if(handled > 0, handled || ' handled privately', null)),
        if(is_current, '', 'version ' || version)
    from reports.engagement_parts
    where practice_id = $practice and month = $month and $metric = 'engagement_score'
    order by site, version, part
"""
# What is said of it beside months before; beside a year before only where two years were read.
_COMPARED = """
    select site, part, months, previous_value, this_value, previous_size, this_size, verdict
    from reports.verdicts
    where practice_id = $practice and month = $month and metric = $metric
        and (site = '' or site = coalesce($site, site))
    order by site, part, months
"""
# The stars of thirteen months, and whether a site's may be combined with those of others.
_STARS = """
    select
        stars.site, stars.month, stars.star_counts, stars.not_covered_why is null as was_read,
        coalesce(weights.weight, 0) > 0 as blends
    from core.month_stars as stars
    left join core.site_weights as weights
        on stars.practice_id = weights.practice_id and stars.site = weights.site
        and weights.year = date_trunc('year', $month::date)
    where stars.practice_id = $practice and stars.month between $month::date - interval 12 month and $month
        and stars.site = coalesce($site, stars.site) and stars.rated > 0
    order by stars.site, stars.month
"""
# Of how many months each window is.
_LENGTHS = {1: 1, 3: 3, 12: 1}
_BESIDE = {1: "the month before", 3: "the three months before", 12: "the same month of the year before"}
_NAMES = {"reviews": "reviews", "talk": "posts, comments and shares", "named_practices": "names in posts"}


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One figure and everything it rests on. `rows` hold ids, stars, dates and places in pages; never a text."""

    practice_id: str
    month: str
    metric: str
    told: dict[str, str]
    as_of_night: dt.date
    inputs_id: str
    figures: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    compared: list[dict[str, Any]]
    mix: dict[str, Any] | None
    sql: str
    rows_from: str
    rows: list[dict[str, Any]]
    pages: list[str]

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__struct_fields__}

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the explanation as lines for people."""
        told = self.told
        lines = [
            f"{told['title']} ({self.metric}), {self.practice_id}, {self.month}",
            f"  {told['definition']}",
            f"  How: {told['source']}",
            f"  Weakness: {told['weakness']}",
            f"  Known up to the night of {self.as_of_night}, inputs {self.inputs_id[:12]}, "
            f"way of counting {told['score_version']}",
            "",
        ]
        lines += [_said(figure, told["unit"]) for figure in self.figures]
        if self.parts:
            lines += ["", "What it is made of:", *map(_part, self.parts)]
        if self.compared:
            lines += ["", "Compared:", *(_beside(row, told["unit"]) for row in self.compared)]
        if self.mix:
            lines += ["", _mix_said(self.mix)]
        lines += ["", f"{len(self.rows)} {_NAMES[self.rows_from]} behind it:"]
        lines += [
            f"  {row['created_local']:%Y-%m-%d %H:%M}  {row['site']}  {_told(row)}  {row['item_id']}"
            + (f"  answered {row['first_reply_at']:%Y-%m-%d %H:%M} UTC" if row.get("first_reply_at") else "")
            + (f"  handled privately {row['handled_on']}" if row.get("handled_on") else "")
            + (f"  gone since {row['removed_on']}{how_sure(row)}" if row["removed_on"] else "")
            + f"  {row['page']}#{row['position']}"
            for row in self.rows
        ]
        lines += ["", f"{len(self.pages)} pages, as the sites sent them:", *(f"  {page}" for page in self.pages)]
        return [*lines, "", "The SQL that made it:", *(f"  {line}".rstrip() for line in self.sql.splitlines())]


def explain(data: DataDir, practice_id: str, month: dt.date, metric: str, site: str | None = None) -> Explanation:
    """Explain a figure of a practice and month (its first day), on one site or on all.

    Raises UnknownName listing what exists, and NotReady if there is no warehouse.
    """
    with open_warehouse(data) as connection:
        catalogue = rows(connection, "select * from reports.catalogue where metric = $metric", {"metric": metric})
        if not catalogue:
            raise _unknown(connection, f"there is no metric '{metric}'", metric, "metric", "reports.catalogue", {})
        asked: dict[str, object] = {"practice": practice_id, "month": month, "metric": metric, "site": site}
        figures = rows(connection, _FIGURES, asked)
        if not figures:
            raise _what_is_missing(connection, practice_id, month, site)
        parts = rows(connection, _PARTS, asked)
        compared = rows(connection, _COMPARED, asked)
        stars = rows(connection, _STARS, {"practice": practice_id, "month": month, "site": site})
        told = catalogue[0]
        behind = rows(
            connection,
            _ROWS[told["rows_from"]].format(condition=told["rows"]),
            {"practice": practice_id, "month": month, "after": add_months(month, 1), "site": site},
        )
        build = rows(connection, "select as_of_night, inputs_id from reports.build_info", {})[0]
        made = rows(connection, "select sql from reports.metric_sql where metric = $metric", {"metric": metric})
    return Explanation(
        practice_id=practice_id,
        month=month_name(month),
        metric=metric,
        told={name: told[name] for name in told if name not in ("metric", "rows", "rows_from")},
        as_of_night=build["as_of_night"],
        inputs_id=build["inputs_id"],
        figures=figures,
        parts=parts,
        compared=[_with_decline(row, month, stars) for row in compared] if metric == "mean_stars" else compared,
        mix=_mix_of(month, stars) if metric in ("mean_stars", "reputation_score_combined") and not site else None,
        sql=made[0]["sql"],
        rows_from=told["rows_from"],
        rows=behind,
        pages=sorted({row["page"] for row in behind}),
    )


def _with_decline(row: dict[str, Any], month: dt.date, stars: list[dict[str, Any]]) -> dict[str, Any]:
    """Add how likely the stars behind a site's two windows fell; None where nothing was compared."""
    if None in (row["previous_value"], row["this_value"]):
        return row | {"probability_of_decline": None}
    windows = []
    for end in (add_months(month, -row["months"]), month):
        first = add_months(end, 1 - _LENGTHS[row["months"]])
        own = [each["star_counts"] for each in stars if each["site"] == row["site"] and first <= each["month"] <= end]
        windows.append([sum(counts[star - 1] for counts in own) for star in STARS])
    return row | {"probability_of_decline": probability_of_decline(*windows)}


def _mix_of(month: dt.date, stars: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return what the sites' own stars and what their mix did to all stars that may be combined, from the month before.

    None unless two sites or more have reviews in both months, all read in full: without any, a site has no mean.
    """
    blending = [row for row in stars if row["blends"] and row["month"] in (add_months(month, -1), month)]
    sites = sorted({row["site"] for row in blending})
    found = {(row["site"], row["month"]): row["star_counts"] for row in blending if row["was_read"]}
    if len(sites) < 2 or len(found) < 2 * len(sites):
        return None
    before, now = ([_size_and_mean(found[site, each]) for site in sites] for each in (add_months(month, -1), month))
    rates, mix = rates_and_mix(before, now)
    return {"sites": sites, "rates": rates, "mix": mix}


def _size_and_mean(counts: list[int]) -> tuple[int, float]:
    return sum(counts), sum(star * count for star, count in zip(STARS, counts, strict=True)) / sum(counts)


def _mix_said(mix: dict[str, Any]) -> str:
    return (
        f"All stars of {', '.join(mix['sites'])} together, beside the month before: {mix['rates'] + mix['mix']:+.6f}, "
        f"of which {mix['rates']:+.6f} by the sites' own averages and {mix['mix']:+.6f} by how the reviews were spread "
        "over the sites (Kitagawa). The second is no change in what people think: no figure is of all stars together."
    )


def _told(row: dict[str, Any]) -> str:
    if "names" in row:
        return f"names {row['names']}"
    if "voice" in row:
        outcome = f", {row['outcome']}" if row["outcome"] else ""
        return f"{row['kind']}, {row['voice']}{outcome}"
    return f"{'no' if row['stars'] is None else row['stars']} stars"


def how_sure(row: dict[str, Any]) -> str:
    """Say behind the day since when a review is gone how sure that is; nothing of talk, which has no such account."""
    if "lists_without" not in row:
        return ""
    lists = f"missing from {row['lists_without']} complete list{'' if row['lists_without'] == 1 else 's'}"
    if row["announced_on"]:
        return f", announced by the site on {row['announced_on']}, {lists}"
    return f", {lists}, {'confirmed' if row['confirmed_on'] else 'not confirmed yet'}, by whom is not known"


def _part(part: dict[str, Any]) -> str:
    where = f"  {part['site'] or 'all sites'}, {part['part']}" + (f", {part['version']}" if part["version"] else "")
    if part["points"] is None:
        return f"{where}: no points" + (f" ({part['why']})" if part["why"] else "")
    # Something found of so many, or the weights of one to five stars.
    counts = (" of " if len(part["inputs"]) == 2 else ", ").join(f"{count.normalize():f}" for count in part["inputs"])
    why = f" ({part['why']})" if part["why"] else ""
    return f"{where}: {part['points']:f} of {part['out_of'].normalize():f} points, from {counts}{why}"


def _beside(row: dict[str, Any], unit: str) -> str:
    where = f"  {row['site'] or 'all sites'}" + (f", {row['part']}" if row["part"] else "")
    said = f"{where}, beside {_BESIDE[row['months']]}: {row['verdict'].replace('_', ' ')}"
    if None in (row["previous_value"], row["this_value"]):
        return said
    said += f", {row['previous_value']:f} to {row['this_value']:f}"
    if "probability_of_decline" in row:
        return f"{said}, fell with a probability of {row['probability_of_decline']:.4f}"
    if unit != "share":
        return said
    # Both are whole numbers of so many, so they come back exactly.
    before, now = (round(row[f"{when}_value"] * row[f"{when}_size"]) for when in ("previous", "this"))
    low, high = newcombe(before, row["previous_size"], now, row["this_size"])
    return f"{said}, a difference of 95% from {low:+.6f} to {high:+.6f}"


def _said(figure: dict[str, Any], unit: str) -> str:
    where = f"  {figure['site'] or 'all sites'}" + (f", {figure['part']}" if figure["part"] else "")
    reason = f" ({figure['reason']})" if figure["reason"] else ""
    counted = f"{figure['numerator']} of {figure['sample_size']}" if unit == "share" else f"n = {figure['sample_size']}"
    if figure["state"] == "not_measured":
        return f"{where}: not measured{reason}"
    if figure["value"] is None:
        return f"{where}: too few to say, {counted}{reason}"
    bounds = f", 95% from {figure['low']:f} to {figure['high']:f}" if figure["low"] is not None else ""
    return f"{where}: {figure['value']:f} {unit}{bounds}, {counted}{reason}"


def _what_is_missing(
    connection: duckdb.DuckDBPyConnection, practice_id: str, month: dt.date, site: str | None
) -> UnknownName:
    """Say which of practice, site and month does not exist, the outermost first."""
    practice = {"practice_id": practice_id}
    if not rows(connection, "select 1 from core.site_months where practice_id = $practice_id limit 1", practice):
        return _unknown(
            connection,
            f"nothing is known of a practice '{practice_id}'",
            practice_id,
            "practice_id",
            "core.site_months",
            {},
        )
    found = rows(
        connection,
        "select 1 from core.site_months where practice_id = $practice_id and site = coalesce($site, site) limit 1",
        practice | {"site": site},
    )
    if not found:
        return _unknown(
            connection,
            f"'{practice_id}' is not read from a site '{site}'",
            site or "",
            "site",
            "core.site_months",
            practice,
        )
    known = month_name(month)
    return _unknown(
        connection, f"nothing is known of '{practice_id}' in {known}", known, "month", "core.site_months", practice
    )


def _unknown(
    connection: duckdb.DuckDBPyConnection, what: str, asked: str, column: str, table: str, only: dict[str, str]
) -> UnknownName:
    """Say what there is in place of the name that was `asked` for, those that are like it first."""
    there = connection.table(table)
    for name, value in only.items():
        there = there.filter(duckdb.ColumnExpression(name) == duckdb.ConstantExpression(value))
    values = [row[0] for row in there.project(column).distinct().order(column).fetchall()]
    names = [month_name(value) if isinstance(value, dt.date) else str(value) for value in values]
    if column == "month" and names:
        return UnknownName(what, where="explain", next_step=f"There is: {names[0]} to {names[-1]}")
    like = difflib.get_close_matches(asked, names, n=3, cutoff=0.6)
    meant = f"Did you mean {' or '.join(like)}? " if like else ""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    shown = ", ".join(names[:_MOST_NAMES]) or "none"
    return UnknownName(what, where="explain", next_step=f"{meant}There is: {shown}{more}")
