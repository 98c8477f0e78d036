"""Page 2: each site's stars and trend, what changed, what people spoke of, and who was answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.advice import SiteFindings, site_name
from pipelines.locales import _, ngettext, whole
from pipelines.pdf import clean
from pipelines.periods import add_months
from pipelines.reasons import reason_words
from pipelines.view.held import TO, Held, Range, ReportInputs, is_number, verdict_words
from pipelines.wording import (
    NONE,
    Row,
    decimal,
    hours_words,
    listed,
    long_month,
    month_word,
    of,
    share_cell,
    short_month,
    written_day,
)

STILL_OPEN = "still open"

MOST_TOPICS = 6

TOPIC_NAMES = {
    "wait_on_site": "Waiting on the day",
    "scheduling_access": "Getting an appointment",
    "phone_digital": "Phone and online booking",
    "front_desk_staff": "Front desk manner",
    "clinical_team": "Hygienist, nurse, assistant",
    "bedside_manner": "Listening and kindness",
    "explanation_consent": "Explaining and deciding together",
    "time_with_clinician": "Time taken, not rushed",
    "pain_anxiety": "Pain and fear",
    "skill_diagnosis": "Skill and diagnosis",
    "results_outcome": "Results that last",
    "overtreatment_honesty": "Honesty, no needless work",
    "billing_insurance": "Bills and insurance",
    "cost_value": "Price and value",
    "cleanliness_safety": "Cleanliness",
    "facility_comfort": "Building and comfort",
    "follow_up": "Care afterwards",
    "children_family": "Children and families",
    "global_recommend": "Overall praise or warning",
}

# Praise or criticism of a topic, by the verdict on it.
MOVED = {
    ("positive", "rose"): "praise rose",
    ("positive", "fell"): "praise fell",
    ("negative", "rose"): "criticism rose",
    ("negative", "fell"): "criticism fell",
}


@dataclass(frozen=True)
class Bar:
    stars: int
    reviews: int


@dataclass(frozen=True)
class Point:
    """One month of a trend. `stars` is None for a gap, and `mean_words` says why."""

    label: str
    stars: Range | None
    mean_words: str
    reviews: str
    long_label: str


@dataclass(frozen=True)
class SitePanel:
    """One site's chart block: how the month's stars fell, and how the means went."""

    anchor: str
    name: str
    bars: tuple[Bar, ...]
    bars_alt: str
    instead_of_bars: str
    instead_of_trend: str
    years: str
    points: tuple[Point, ...]
    trend_alt: str


@dataclass(frozen=True)
class ChangedCell:
    word: str
    detail: str
    clear: bool


@dataclass(frozen=True)
class ChangedRow:
    name: str
    cells: tuple[ChangedCell, ...]


@dataclass(frozen=True)
class ReplyRow:
    name: str
    this_month: str
    month_before: str
    low_within_week: str
    typical_time: str


@dataclass(frozen=True)
class TopicRow:
    topic: str
    site: str
    praised: str
    criticised: str
    change: str


def topics_of_month(held: Held, inputs: ReportInputs, sites: Sequence[str]) -> tuple[TopicRow, ...]:
    now = [row for row in inputs.figures if row["metric"] == "topic_mentions" and row["month"] == held.month]
    return topic_rows([row for row in now if row["site"] in sites], inputs.verdicts)


def instead_of_topics(held: Held, sites: Sequence[str]) -> str:
    if any(held.measured(site, "topic_mentions") for site in sites):
        return _("No topic was named in the reviews that could be judged.")
    return _("No review of the month could be judged.")


def more_panels(number: int) -> str:
    if number <= 0:
        return ""
    return ngettext(
        "And {number} more site in the tables below.", "And {number} more sites in the tables below.", number
    )


def site_panel(held: Held, site: str) -> SitePanel:
    name = clean(site_name(site), 40)
    parts = [(stars, held.figure(site, "star_distribution", part=str(stars))) for stars in range(5, 0, -1)]
    # Of a month read in part a count is a lower bound, and a star nobody was seen to give has no count at all.
    known = any(row and row["value"] is not None for stars, row in parts)
    bars = tuple(Bar(stars, int(row["value"] or 0)) for stars, row in parts if row) if known else ()
    month = long_month(held.month)
    instead = ""
    if len(bars) < 5:
        unrated = held.reviews(site)
        instead = _("No stars in {month}.", month=month) if unrated else _("Not read in {month}.", month=month)
        bars = ()
    elif not any(bar.reviews for bar in bars):
        instead, bars = _("No stars in {month}.", month=month), ()
    points = tuple(_point(held, site, back) for back in held.months(site))
    said = [
        ngettext("{number} star: {reviews}", "{number} stars: {reviews}", bar.stars, reviews=whole(bar.reviews))
        for bar in bars
    ]
    means = [f"{point.long_label} {_point_words(point)}" for point in points]
    most = max(bars, key=lambda bar: bar.reviews, default=None)
    change = held.verdicts(site).get("mean_stars")
    return SitePanel(
        anchor=f"site-{''.join(c for c in site if c.isascii() and c.isalnum())}",
        name=name,
        bars=bars,
        bars_alt=_(
            "Reviews on {site} in {month} by stars, {most} most often. {counts}.",
            site=name,
            month=month,
            most=whole(most.stars),
            counts="; ".join(said),
        )
        if most
        else "",
        instead_of_bars=instead,
        instead_of_trend=_instead_of_trend(points),
        years=_years(held, site),
        points=points,
        trend_alt=_(
            "Mean stars on {site} by month; against the month before: {verdict}. {means}.",
            site=name,
            verdict=verdict_words(change.verdict if change else "not_measured"),
            means="; ".join(means),
        ),
    )


def _years(held: Held, site: str) -> str:
    first, last = add_months(held.month, -held.months(site)[0]).year, held.month.year
    return str(last) if first == last else f"{first}{TO}{last % 100:02d}"


def _instead_of_trend(points: Sequence[Point]) -> str:
    if len(points) < 2:
        return _("The trend starts with the second month.")
    if any(point.stars for point in points):
        return ""
    if any(point.mean_words not in {"", NONE} for point in points):
        return _("No month had the 5 reviews with stars that a mean needs.")
    return _("No review of these months has stars.")


def scale_floor(panels: Sequence[SitePanel]) -> int:
    """Return where all trends of a report start, so that sites can be compared: at 3 stars if nothing lies below."""
    lows = [point.stars.low for panel in panels for point in panel.points if point.stars]
    return 3 if min(lows, default=1.0) >= 3 else 1


def _point(held: Held, site: str, months_back: int) -> Point:
    month = add_months(held.month, -months_back)
    stars, number = held.stars(site, months_back), held.reviews(site, months_back)
    row = held.figure(site, "mean_stars", months_back)
    rated = int(row["sample_size"] or 0) if row else number
    words = NONE if number is None or (number and not rated) else _("few") if number else ""
    return Point(
        label=short_month(month),
        stars=stars,
        mean_words=words if stars is None else decimal(stars.mean),
        reviews=NONE if number is None else whole(number),
        long_label=long_month(month),
    )


def _point_words(point: Point) -> str:
    if point.stars is not None:
        return _(
            "{mean} (likely {low} to {high}, {number} reviews)",
            mean=decimal(point.stars.mean),
            low=decimal(point.stars.low),
            high=decimal(point.stars.high),
            number=point.reviews,
        )
    if point.mean_words == NONE:
        return verdict_words("not_measured")
    return _("too few to say ({number})", number=point.reviews) if point.mean_words else _("no reviews")


def changed_rows(held: Held, sites: Sequence[SiteFindings]) -> tuple[ChangedRow, ...]:
    """Return a row a site, or none at all where every site is in its first month."""
    verdicts = {change.verdict for site in sites for change in site.changes.values()}
    return () if verdicts <= {"first_month"} else tuple(_changed_row(held, site) for site in sites)


def _changed_row(held: Held, site: SiteFindings) -> ChangedRow:
    cells = [_changed_cell(site, metric) for metric in ("mean_stars", "low_share", "reviews_received", "reply_share")]
    answered = held.figure(site.site, "reply_share")
    if answered and answered["reason"] == "maturing":
        cells[-1] = ChangedCell(_("too early to say"), "", False)
    if year := held.beside_a_year_before(site.site):
        cells[2] = replace(cells[2], detail="; ".join(filter(None, [cells[2].detail, year])))
    return ChangedRow(site.name, tuple(cells))


def _changed_cell(site: SiteFindings, metric: str) -> ChangedCell:
    change = site.changes.get(metric)
    if change is None:
        return ChangedCell(verdict_words("not_measured"), "", False)
    detail = ""
    if change.verdict in {"rose", "fell", "no_clear_change", "too_few"} and None not in (change.now, change.before):
        now, before = change.now or 0.0, change.before or 0.0
        if metric == "mean_stars":
            detail = "" if change.verdict == "too_few" else _from_to(decimal(before), decimal(now))
        elif metric == "reviews_received":
            detail = _from_to(whole(round(before)), whole(round(now)))
        elif change.now_size and change.before_size:
            detail = _from_to(
                of(round(before * change.before_size), change.before_size),
                of(round(now * change.now_size), change.now_size),
            )
    return ChangedCell(verdict_words(change.verdict), detail, change.verdict in {"rose", "fell"})


def _from_to(before: str, now: str) -> str:
    return _("{before} to {now}", before=before, now=now)


def reply_row(held: Held, site: str) -> ReplyRow:
    return ReplyRow(
        name=clean(site_name(site), 40),
        this_month=_reply_share(held.figure(site, "reply_share")),
        month_before=_reply_share(held.figure(site, "reply_share", 1)),
        low_within_week=_reply_share(held.figure(site, "critical_reply_share")),
        typical_time=_typical_time(held.figure(site, "reply_hours")),
    )


def _reply_share(row: Row | None) -> str:
    if row is None:
        return NONE
    if row["reason"] == "maturing":
        # No percentage: it would be read as the month's, which is not over for its answers.
        if row["numerator"] is None or not row["sample_size"]:
            return _(STILL_OPEN)
        return _("{share} so far", share=of(int(row["numerator"]), int(row["sample_size"])))
    if row["state"] == "not_measured":
        return _reason_or_open(row)
    share = share_cell(row)
    return share if share != NONE else _("none to answer")


def _reason_or_open(row: Row) -> str:
    reason = str(row["reason"] or "")
    return _(STILL_OPEN) if reason == "maturing" else clean(reason_words(reason), 60) or verdict_words("not_measured")


def _typical_time(row: Row | None) -> str:
    if row is None:
        return NONE
    if row["state"] == "too_few":
        return verdict_words("too_few")
    said = hours_words(float(row["value"])) if is_number(row) else _reason_or_open(row)
    return _("{time} ({number})", time=said, number=whole(int(row["sample_size"]))) if row["sample_size"] else said


def replies_note(held: Held, sites: Sequence[str]) -> str:
    rows = [held.figure(site, "reply_share") for site in sites]
    if not any(row and row["reason"] == "maturing" for row in rows):
        return ""
    closes = add_months(held.month, 1) + dt.timedelta(days=30)
    return _("{month} is final on {day}", month=month_word(held.month), day=written_day(closes))


def topic_rows(figures: Sequence[Row], verdicts: Sequence[Row]) -> tuple[TopicRow, ...]:
    """Return the topics somebody spoke of, most spoken of first. One to four remarks have no number."""
    parts: dict[tuple[str, str], dict[str, Row]] = {}
    for row in figures:
        topic, polarity = str(row["part"]).split("/", 1)
        parts.setdefault((row["site"], topic), {})[polarity] = row
    changes = {(row["site"], row["part"]): row["verdict"] for row in verdicts if row["metric"] == "topic_mentions"}
    found = []
    for (site, topic), both in parts.items():
        if not any(row["numerator"] or row["reason"] == "single remarks" for row in both.values()):
            continue
        told = [(polarity, str(changes.get((site, f"{topic}/{polarity}")))) for polarity in ("positive", "negative")]
        moved = [_(MOVED[one]) for one in told if one in MOVED]
        weight = sum(int(row["numerator"] or 0) for row in both.values())
        known = topic in TOPIC_NAMES
        name = _(TOPIC_NAMES[topic]) if known else clean(topic.replace("_", " ").capitalize(), 40)
        topic_row = TopicRow(
            topic=name,
            site=clean(site_name(site), 40),
            praised=_mentions(both.get("positive")),
            criticised=_mentions(both.get("negative")),
            change=listed(moved) if moved else _("no clear change"),
        )
        found.append((-weight, name, site, topic_row))
    return tuple(one[3] for one in sorted(found, key=lambda one: one[:3])[:MOST_TOPICS])


def _mentions(row: Row | None) -> str:
    if row is None or row["state"] == "not_measured":
        return _("not measured")
    if row["numerator"] is None:
        return _("single remarks")
    return share_cell(row) if row["numerator"] else _("none")
