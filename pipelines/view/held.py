"""The rows of one report, by what they are asked for, and the few words that every page says in the same way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.advice import Change, SiteFindings, site_name
from pipelines.locales import _, whole
from pipelines.pdf import clean
from pipelines.periods import add_months
from pipelines.reasons import reason_words
from pipelines.sources import load_source
from pipelines.wording import Row

TREND_MONTHS = 14

VERDICT_WORDS = {
    "rose": "rose",
    "fell": "fell",
    "no_clear_change": "no clear change",
    "too_few": "too few to say",
    "not_measured": "not measured",
    "first_month": "first month",
}

_NO_ANSWER_YET = "more than half not answered yet"

TO = "\u2013"

NOT_CONNECTED = "no account, community or feed is connected"

Lookup = Callable[..., Row | None]


@dataclass(frozen=True)
class ReportInputs:
    """The rows of the report tables that concern one practice and month; trended figures reach back 14 months."""

    figures: Sequence[Row]
    verdicts: Sequence[Row]
    needs_answer: Sequence[Row]
    coverage: Sequence[Row]
    catalogue: Sequence[Row]
    score_parts: Sequence[Row]
    engagement_parts: Sequence[Row]
    engagement_summary: Sequence[Row]
    communities: Sequence[Row]
    bursts: Sequence[Row]
    worth_a_look: Sequence[Row]
    past_comments: Sequence[Row]
    changes: Sequence[Row]
    figures_before: Sequence[Row]
    vanity: Sequence[Row]
    build: Row


@dataclass(frozen=True)
class Range:
    """A mean of stars and its likely range, 1 to 5."""

    mean: float
    low: float
    high: float


class Held:
    """The rows of one report, by what they are asked for."""

    def __init__(self, month: dt.date, inputs: ReportInputs) -> None:
        self.month = month
        self._figures = {(r["site"], r["month"], r["metric"], r["part"] or ""): r for r in inputs.figures}
        of_sites = [row for row in inputs.verdicts if row["site"] and not row["part"]]
        self._verdicts = {(row["site"], row["metric"]): row for row in of_sites if row["months"] == 1}
        # There is one only where two years were read.
        self._years = {row["site"]: row for row in of_sites if row["months"] == 12}
        # Two sources may feed one site (an API and a file): the one read last speaks for it.
        self.coverage: dict[str, Row] = {r["site"]: r for r in sorted(inputs.coverage, key=_freshness)}

    def figure(self, site: str, metric: str, months_back: int = 0, part: str = "") -> Row | None:
        return self._figures.get((site, add_months(self.month, -months_back), metric, part))

    def now(self, site: str, metric: str, *, part: str = "") -> Row | None:
        """Return a figure of the report's own month."""
        return self.figure(site, metric, part=part)

    def measured(self, site: str, metric: str) -> bool:
        """Return whether any part of a metric was measured in the report's month."""
        return any(
            key[0] == site and key[1] == self.month and key[2] == metric and row["state"] != "not_measured"
            for key, row in self._figures.items()
        )

    def sites(self) -> list[str]:
        """Return the sites, those with most reviews over the shown months first."""
        named = {key[0] for key in self._figures if key[0]} | set(self.coverage)
        named -= set(self.places())
        return sorted(named, key=lambda site: (-self._reviews_over_all(site), site_name(site), site))

    def places(self) -> list[str]:
        """Return the places without reviews, where people talk, by name."""
        return sorted((site for site, row in self.coverage.items() if not row["has_reviews"]), key=site_name)

    def has_reviews(self, site: str) -> bool:
        return self._reviews_over_all(site) > 0

    def _reviews_over_all(self, site: str) -> int:
        return sum(self.reviews(site, back) or 0 for back in range(TREND_MONTHS))

    def reviews(self, site: str, months_back: int = 0) -> int | None:
        """Return how many reviews came in, or None where that was not measured."""
        row = self.figure(site, "reviews_received", months_back)
        return int(row["value"]) if row and row["state"] != "not_measured" and row["value"] is not None else None

    def stars(self, site: str, months_back: int = 0) -> Range | None:
        row = self.figure(site, "mean_stars", months_back)
        if not row or row["state"] != "value" or row["value"] is None:
            return None
        mean = float(row["value"])
        low, high = (mean if row[end] is None else float(row[end]) for end in ("low", "high"))
        return Range(mean, low, high)

    def months(self, site: str) -> list[int]:
        """Return how many months back each shown month of a site lies, oldest first."""
        own = {key[1] for key in self._figures if key[0] == site}
        first = min(own, default=self.month)
        return [back for back in range(TREND_MONTHS - 1, -1, -1) if add_months(self.month, -back) >= first]

    def can_reply(self, site: str) -> bool:
        rows = [self.figure(site, name) for name in ("reply_share", "critical_reply_share", "reply_hours")]
        return any(row and (row["state"] != "not_measured" or row["reason"] == "maturing") for row in rows) or any(
            row and row["reason"] == _NO_ANSWER_YET for row in rows
        )

    def verdicts(self, site: str) -> dict[str, Change]:
        return {
            metric: Change(
                row["verdict"],
                None if row["this_value"] is None else float(row["this_value"]),
                None if row["previous_value"] is None else float(row["previous_value"]),
                int(row["this_size"] or 0),
                int(row["previous_size"] or 0),
            )
            for (of_site, metric), row in self._verdicts.items()
            if of_site == site
        }

    def beside_a_year_before(self, site: str) -> str:
        """Say how many reviews the same month of the year before had, and the verdict; nothing if it is not known."""
        row = self._years.get(site)
        if row is None or row["previous_value"] is None or row["verdict"] not in VERDICT_WORDS:
            return ""
        number = whole(round(float(row["previous_value"])))
        return _("{number} a year before: {verdict}", number=number, verdict=verdict_words(row["verdict"]))

    def findings(self, site: str) -> SiteFindings:
        seen = self.coverage.get(site, {})
        source = load_source(str(seen["source"])).SOURCE if seen else None
        three = [self.reviews(site, back) for back in range(3)]
        # A site that counts no review at all says so of every month, also of those before we looked.
        never = seen.get("platform_total") == 0 and seen.get("held") == 0
        answered = self.newest_reply_month(site)
        removed = self.figure(site, "reviews_removed")
        return SiteFindings(
            site=site,
            name=clean(site_name(site), 40),
            is_export=bool(source and source.once),
            is_sample=bool(source and source.sampled),
            reviews=self.reviews(site),
            reviews_in_three_months=None if None in three and not never else sum(number or 0 for number in three),
            changes=self.verdicts(site),
            answered=int(answered["numerator"] or 0) if answered else 0,
            answerable=int(answered["sample_size"] or 0) if answered else 0,
            answered_month=answered["month"] if answered else None,
            removed=int(removed["value"] or 0) if removed and removed["state"] != "not_measured" else 0,
            nights_read=int(seen.get("nights_read") or 0),
            nights_expected=int(seen.get("nights_expected") or 0),
            last_read=seen.get("last_read_night"),
            month_is_complete=bool(seen.get("month_is_complete")),
            left_out=bool(seen.get("left_out")),
        )

    def newest_reply_month(self, site: str) -> Row | None:
        """Return the newest answered share, of this month or the one before, that is old enough to count."""
        for back in range(2):
            row = self.figure(site, "reply_share", back)
            if row and row["reason"] != "maturing" and row["state"] in {"value", "zero", "too_few"}:
                return row
        return None


def _freshness(row: Row) -> tuple[dt.date, int, str]:
    return row["last_read_night"] or dt.date.min, int(row["nights_read"] or 0), str(row["source"])


def verdict_words(verdict: str) -> str:
    return _(VERDICT_WORDS.get(verdict, VERDICT_WORDS["not_measured"]))


def reason_of(row: Row | None) -> str:
    return clean(reason_words(str(row["reason"] or "")), 120) if row else ""


def is_number(row: Row | None) -> bool:
    return row is not None and row["state"] in {"value", "zero"} and row["value"] is not None


def was_measured(row: Row | None) -> bool:
    return row is not None and row["state"] != "not_measured"
