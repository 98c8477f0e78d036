"""The two scores. One that was not given is a sentence with its reason, never a bar at zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.advice import site_name
from pipelines.locales import _, ngettext
from pipelines.pdf import clean
from pipelines.view.held import NOT_CONNECTED, Lookup, is_number, reason_of
from pipelines.wording import Row, decimal, listed, people, reviews

# How strongly a score is meant, in the words of the warehouse.
FIRMNESS = ("firm", "fair", "rough")

# Part of the Reputation Score: what the points are for.
SCORE_PARTS = {
    "stars": "{points} of {all} for stars",
    "not unhappy": "{points} of {all} for few unhappy people",
    "answers": "{points} of {all} for safe answers",
}


@dataclass(frozen=True)
class Score:
    """One score as a bar of 0 to 100 with its likely range, or the sentence why there is none."""

    title: str
    of: str
    number: str
    value: float
    low: float
    high: float
    says: str
    instead: str
    alt: str
    made_of: str


def _score(title: str, of: str, row: Row, firmness: str, made_of: str, before: Row | None) -> Score:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    ends = {"low": decimal(low, "1"), "high": decimal(high, "1")}
    told = {"score": title, "number": decimal(value, "1"), "firmness": _(firmness)} | ends
    if of:
        alt = _("{score} of {site}: {number} of 100, likely {low} to {high}, {firmness}.", site=of, **told)
    else:
        alt = _("{score}: {number} of 100, likely {low} to {high}, {firmness}.", **told)
    says = _("likely {low} to {high}, {firmness}", firmness=_(firmness), **ends)
    if before is not None and is_number(before):
        # The first month of other weights: what moved by them alone can be told from what people did.
        says += "; " + _("{number} by the weights of before", number=decimal(float(before["value"]), "1"))
    return Score(
        title=title,
        of=of,
        number=told["number"],
        value=value,
        low=low,
        high=high,
        says=says,
        instead="",
        alt=alt,
        made_of=made_of,
    )


def _no_score(title: str, why: str) -> Score:
    return Score(title, "", "", 0.0, 0.0, 0.0, "", why, "", "")


def by_weights_of_before(figures: Sequence[Row], site: str, metric: str) -> Row | None:
    """Return a score as the version of before makes it, of the month's figures: there is one in one month only."""
    of_score = (row for row in figures if row["site"] == site and row["metric"] == metric)
    return next((row for row in of_score if row["part"].startswith("version ")), None)


def reputation(figure: Lookup, sites: Sequence[str], parts: Sequence[Row], figures: Sequence[Row]) -> Score:
    """Return the practice's Reputation Score, or that of the site with most reviews that has one.

    `figures` are those of the month.
    """
    title = _("Reputation")
    for site, metric in (("", "reputation_score_combined"), *((site, "reputation_score") for site in sites)):
        row = figure(site, metric)
        own = [part for part in parts if part["site"] == site]
        if row is not None and is_number(row) and own:
            points = {part["part"]: (decimal(part["points"], "1"), decimal(part["out_of"], "1")) for part in own}
            said = [
                _(words, points=points[part][0], all=points[part][1])
                for part, words in SCORE_PARTS.items()
                if part in points
            ]
            where = clean(site_name(site), 40) if site else _("all sites that may be joined")
            before = by_weights_of_before(figures, site, metric)
            made_of = ngettext(
                "{parts}, by {reviews} of two years; one more moves it by {number}\u00a0point at most",
                "{parts}, by {reviews} of two years; one more moves it by {number}\u00a0points at most",
                math.ceil(own[0]["largest_move"]),
                parts=listed(said),
                reviews=reviews(int(row["sample_size"])),
            )
            if handled := sum(int(part["handled"]) for part in own):
                made_of += "; " + ngettext(
                    "{number}\u00a0critical review handled privately is left out",
                    "{number}\u00a0critical reviews handled privately are left out",
                    handled,
                )
            return _score(title, where, row, str(own[0]["words"]), made_of, before)
    rows = [(site, row) for site in sites if (row := figure(site, "reputation_score"))]
    few = next(((site, row) for site, row in rows if row["state"] == "too_few"), None)
    if few:
        told = {"site": clean(site_name(few[0]), 40), "reason": reason_of(few[1])}
        return _no_score(title, _("Not enough to score: {site} has {reason}.", **told))
    if rows:
        site, row = rows[0]
        told = {"site": clean(site_name(site), 40), "reason": reason_of(row)}
        return _no_score(title, _("Not measured: {site}, {reason}.", **told))
    return _no_score(title, _("Not measured: no site with reviews was read."))


def engagement(row: Row | None, summary: Row | None, before: Row | None) -> Score:
    """Return the Engagement Quality Score (and, in the first month of other weights, that of before), or why none."""
    title = _("Engagement quality")
    if row is None or row["reason"] == NOT_CONNECTED:
        return _no_score(title, _("No account is connected."))
    if summary and (is_number(row) or row["state"] == "too_few"):
        acts = ngettext("{number}\u00a0act of yours", "{number}\u00a0acts of yours", int(summary["acts"]))
        rests_on = {"people": people(int(summary["people"])), "acts": acts}
        if is_number(row):
            made_of = _("{people} and {acts} in 90 days", **rests_on)
            return _score(title, "", row, str(summary["firmness"]), made_of, before)
        few = _("Not enough to score: {people} and {acts} in 90 days; it takes 8 of each.", **rests_on)
        return _no_score(title, few)
    return _no_score(title, _("Not measured: {reason}.", reason=reason_of(row)))
