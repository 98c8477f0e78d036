"""Page 1: a line a site, the reviews that wait for an answer, and how sure all this is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from pipelines.advice import Findings, SiteFindings, Waiting, site_name
from pipelines.drafts import draft
from pipelines.locales import _, ngettext, whole
from pipelines.pdf import clean, https_only
from pipelines.view.held import TO, Held, Lookup, Range, verdict_words
from pipelines.wording import (
    NONE,
    Row,
    days,
    decimal,
    listed,
    long_month,
    more_in_file,
    reviews,
    share_cell,
    written_day,
)

MOST_WAITING = 5


@dataclass(frozen=True)
class SiteRow:
    """One site in the summary on page 1. `stars` is None where `instead` says why."""

    name: str
    stars: Range | None
    stars_words: str
    range_words: str
    instead: str
    reviews: str
    low: str
    change: str


@dataclass(frozen=True)
class WaitingRow:
    """One review that needs an answer: no words of the reviewer, no name.

    `stars` is None where the site asks for yes or no; `rated` says it in words.
    """

    day: dt.date
    written: str
    stars: int | None
    rated: str
    site: str
    days: str
    url: str | None
    draft: str


def more_sites(number: int) -> str:
    if number <= 0:
        return ""
    return ngettext(
        "And {number} more site, in the attached figures.", "And {number} more sites, in the attached figures.", number
    )


def waiting_file(month: str) -> str:
    """Return how the attached file is called that has every review of a month ("2026-10") that needs an answer."""
    return f"needs-answer-{month}.csv"


def more_waiting(number: int, month: str) -> str:
    return more_in_file(number, waiting_file(month)) if number > 0 else ""


def waiting_words(rows: Sequence[Row]) -> str:
    """Say how many reviews wait and which ones these are: of warnings only where there is one among them."""
    number = len(rows)
    if not number:
        return _("Three stars or fewer, no answer seen")
    if any(row["stars"] is None for row in rows):
        return ngettext(
            "{number}\u00a0review, three stars or fewer or \u201cnot recommended\u201d, no answer seen",
            "{number}\u00a0reviews, three stars or fewer or \u201cnot recommended\u201d, no answer seen",
            number,
        )
    return ngettext(
        "{number}\u00a0review, three stars or fewer, no answer seen",
        "{number}\u00a0reviews, three stars or fewer, no answer seen",
        number,
    )


def _range_words(stars: Range) -> str:
    return f"{decimal(stars.low)}{TO}{decimal(stars.high)}"


def found_waiting(rows: Sequence[Row]) -> Waiting:
    keys = [_review_key(row) for row in rows]
    return Waiting(
        reviews=len(rows),
        longest_days=max((int(row["days_waiting"] or 0) for row in rows), default=0),
        url=next((url for row in rows if (url := https_only(row["url"]))), None),
        keys=frozenset(keys),
        listed=tuple(keys[:MOST_WAITING]),
    )


def _review_key(row: Row) -> str:
    """Return what stands for a review where its id must not be kept."""
    return sha256(f"{row['site']}/{row['item_id']}".encode()).hexdigest()[:16]


def waiting_row(row: Row) -> WaitingRow:
    stars = None if row["stars"] is None else int(row["stars"])
    return WaitingRow(
        day=row["written_on"],
        written=written_day(row["written_on"]),
        stars=stars,
        # None of the list recommends the practice.
        rated=_("not recommended") if stars is None else _("{stars} of 5", stars=stars),
        site=clean(site_name(row["site"]), 40),
        days=days(int(row["days_waiting"] or 0)),
        url=https_only(row["url"]),
        draft="" if row["has_alert"] else draft(_review_key(row), row["criticised"]),
    )


def site_row(held: Held, site: SiteFindings) -> SiteRow:
    number, stars = held.reviews(site.site), held.stars(site.site)
    low = held.figure(site.site, "low_share")
    instead = _instead_of_stars(held, site)
    return SiteRow(
        name=site.name,
        stars=None if instead else stars,
        stars_words="" if instead or stars is None else decimal(stars.mean),
        range_words="" if instead or stars is None else _range_words(stars),
        instead=instead,
        reviews=NONE if number is None else whole(number),
        low=share_cell(low) if number else NONE,
        change="" if instead else verdict_words(site.verdict("mean_stars")),
    )


def _instead_of_stars(held: Held, site: SiteFindings) -> str:
    number = held.reviews(site.site)
    if site.is_sample:
        return _("a few excerpts only, not counted")
    if number is None or (not site.nights_read and not number):
        last = site.last_read
        return _("not read since {day}", day=written_day(last)) if last else _("not read yet")
    if not number:
        return _("no reviews this month")
    if held.stars(site.site) is not None:
        return ""
    size = held.figure(site.site, "mean_stars")
    rated = int(size["sample_size"] or 0) if size else number
    if rated:
        return _("too few to say ({number})", number=whole(rated))
    if held.measured(site.site, "recommendations"):
        return _("yes or no in place of stars, see below")
    return _("reviews without stars")


def how_sure(found: Findings) -> tuple[str, ...]:
    unread = found.unread()
    read = [site for site in found.sites if site not in unread]
    number = sum(site.reviews or 0 for site in found.sites)
    said = [_("Based on {reviews} from {month}.", reviews=reviews(number), month=long_month(found.month))]
    if read:
        said.append(_("Read: {sites}.", sites=listed(site.name for site in read)))
    for site in unread[:3]:
        if site.last_read:
            said.append(_("Not read since {day}: {site}.", site=site.name, day=written_day(site.last_read)))
        else:
            said.append(_("Not read yet: {site}.", site=site.name))
    if len(unread) > 3:
        said.append(
            ngettext(
                "{number}\u00a0more site could not be read.",
                "{number}\u00a0more sites could not be read.",
                len(unread) - 3,
            )
        )
    gaps = [site for site in read if site.nights_read < site.nights_expected]
    if gaps:
        missing = listed(
            _(
                "{missed} of {nights} on {site}",
                missed=whole(gap.nights_expected - gap.nights_read),
                nights=whole(gap.nights_expected),
                site=gap.name,
            )
            for gap in gaps[:3]
        )
        said.append(_("Nights missed: {missed}.", missed=missing))
    elif read and not unread:
        said.append(_("No night was missed."))
    if not found.month_is_over:
        said.append(_("The month was not over yet."))
    return tuple(said)


def recommended(figure: Lookup, sites: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for each site that asks for yes or no in place of stars."""
    said = []
    for site in sites:
        row = figure(site, "recommendations")
        if row is not None and row["state"] != "not_measured" and row["sample_size"]:
            told = {"site": clean(site_name(site), 40), "share": share_cell(row)}
            said.append(_("{site} asks for yes or no: {share} recommend you. This is never mixed with stars.", **told))
    return tuple(said)
