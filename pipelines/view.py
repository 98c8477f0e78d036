"""The view model: warehouse rows of one practice and month, turned into the words and positions a report prints.

Templates compute nothing but geometry. Every state a figure can be in becomes words here: zero, too few and not
measured are three different things, and only a state of "value" or "zero" becomes a number.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from pipelines import sections
from pipelines.advice import (
    LIBRARY,
    Asked,
    Card,
    Change,
    Findings,
    SiteFindings,
    Waiting,
    choose,
    follow_up,
    headline,
    next_words,
    site_name,
)
from pipelines.drafts import draft
from pipelines.locales import _, language, ngettext, speaking, spoken, whole
from pipelines.pdf import clean, https_only
from pipelines.periods import add_months
from pipelines.practices import Practice
from pipelines.reasons import reason_words
from pipelines.sources import load_source
from pipelines.wording import (
    NONE,
    Row,
    days,
    decimal,
    hours_words,
    listed,
    long_month,
    month_word,
    of,
    reviews,
    sentence,
    share_cell,
    short_month,
    written_day,
)

TREND_MONTHS = 14
# The metrics this report prints, and no others explains: those of many months, those of reviews in this month alone,
# and those of conversation, which are explained only where there is one.
TRENDED = (
    "critical_reply_share",
    "low_share",
    "mean_stars",
    "reply_hours",
    "reply_share",
    "reviews_received",
    "reviews_removed",
    "star_distribution",
)
JUDGED = (
    "alerts",
    "recommendations",
    "repeated_texts",
    "replies_to_look_at",
    "reputation_score",
    "reputation_score_combined",
    "stars_and_words_disagree",
    "topic_mentions",
)
TALK = (
    "amplification_per_post",
    "answered_share",
    "came_back_share",
    "community_mentions",
    "conversation_per_post",
    "depth_share",
    "dialogue_share",
    "engagement_score",
    "helpful_mix_share",
    "post_mix",
    "reaching_out_share",
    "talk_reply_hours",
    "word_of_mouth_share",
)
PRINTED = (*TRENDED, *JUDGED, *TALK)
# What the page on conversation says of itself, beside the numbers, is not said a second time at the end; nor is what
# is worth checking.
_SAID_BESIDE = frozenset(
    {
        "answered_share",
        "came_back_share",
        "depth_share",
        "dialogue_share",
        "helpful_mix_share",
        "post_mix",
        "reaching_out_share",
        "repeated_texts",
        "stars_and_words_disagree",
        "word_of_mouth_share",
    }
)
MOST_WAITING = 5
MOST_SITES_CHARTED = 3
MOST_SITES = 6
VERDICT_WORDS = {
    "rose": "rose",
    "fell": "fell",
    "no_clear_change": "no clear change",
    "too_few": "too few to say",
    "not_measured": "not measured",
    "first_month": "first month",
}
# Mean stars that two months are apart at least where one is said to have risen or fallen.
_CLEAR_MOVE = 0.3
STILL_OPEN = "still open"
_NO_ANSWER_YET = "more than half not answered yet"
_TO = "\u2013"


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
    """One review that needs an answer: no words of the reviewer, no name."""

    written: str
    stars: int
    site: str
    days: str
    url: str | None
    draft: str


@dataclass(frozen=True)
class FollowUp:
    """One action of the last report, and what became of it."""

    what: str
    word: str
    seen: str


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
class CoverageRow:
    name: str
    nights: str
    full_list: str
    held: str
    platform_total: str
    set_aside: str
    vanished: str


@dataclass(frozen=True)
class Term:
    """What one figure or word of the report means; figures in the words that stand beside their SQL."""

    title: str
    definition: str


BECAME_WORDS = {"done": "Done", "not_yet": "Not yet", "cannot_tell": "Cannot tell"}
RULES = (
    Term("Likely range", "Where the figure would lie in 95 of 100 such months."),
    Term("Rose, fell", "Chance is unlikely, both months have 5 reviews, and stars moved {stars} or a share 15 points."),
    Term("Set aside", "We could not read it."),
    Term("Left out", "Reviewers\u2019 names and words."),
)


@dataclass(frozen=True)
class Report:
    """Everything the templates print."""

    language: str
    practice_id: str
    name: str
    name_size: str
    short_name: str
    name_language: str | None
    month_id: str
    month: str
    month_before: str
    month_word: str
    month_word_before: str
    month_end: str
    version: int
    restated: str
    paper: str
    headline: str
    next_words: str
    cards: tuple[Card, ...]
    scores: tuple[sections.Score, ...]
    sites: tuple[SiteRow, ...]
    more_sites: str
    recommended: tuple[str, ...]
    alerts: str
    alert_links: tuple[sections.LookRow, ...]
    looks: tuple[sections.LookRow, ...]
    looks_notes: tuple[str, ...]
    waiting: tuple[WaitingRow, ...]
    more_waiting: str
    sure: tuple[str, ...]
    panels: tuple[SitePanel, ...]
    scale_floor: int
    more_panels: str
    topics: tuple[sections.TopicRow, ...]
    instead_of_topics: str
    changed: tuple[ChangedRow, ...]
    checks: tuple[sections.Check, ...]
    conversation: sections.Conversation
    talk_card: Card | None
    replies: tuple[ReplyRow, ...]
    replies_note: str
    since_report: tuple[sections.SiteChanges, ...]
    more_since_report: str
    followed_up: tuple[FollowUp, ...]
    instead_of_follow_up: str
    vanity: tuple[tuple[sections.VanityGroup, ...], ...]
    more_vanity: str
    coverage: tuple[CoverageRow, ...]
    data_notes: tuple[str, ...]
    terms: tuple[tuple[Term, ...], ...]
    as_of: str
    score_version: str


def month_report(
    practice: Practice,
    month: dt.date,
    inputs: ReportInputs,
    restatements: Sequence[str] = (),
    asked: Sequence[Asked] | None = None,
) -> Report:
    """Return what the report of `practice` for `month` (its first day) prints.

    `restatements` are the reasons of its versions after the first; the newest one is told. `asked` are the actions
    of the report of the month before, None where there is no such report. The words are in the practice's language.
    """
    with speaking(language(practice.language)):
        return _month_report(practice, month, inputs, restatements, asked)


def _month_report(
    practice: Practice,
    month: dt.date,
    inputs: ReportInputs,
    restatements: Sequence[str],
    asked: Sequence[Asked] | None,
) -> Report:
    held = _Held(month, inputs)
    as_of: dt.date = inputs.build["as_of_night"]
    sites = held.sites()
    found = Findings(
        month=month,
        as_of_night=as_of,
        sites=tuple(held.findings(site) for site in sites),
        waiting=_waiting(inputs.needs_answer),
        alerts=sections.alerts_found(held.now, sites),
        talk=sections.talk_found(held.now),
    )
    by_site = {site.site: site for site in found.sites}
    cards = choose(found)
    shown, charted = sites[:MOST_SITES], [s for s in sites if held.has_reviews(s)][:MOST_SITES_CHARTED]
    panels = tuple(_panel(held, site) for site in charted)
    name = clean(practice.name)
    summary = next(iter(inputs.engagement_summary), None)
    of_month = [row for row in inputs.figures if row["month"] == month]
    of_practice = [row for row in of_month if row["site"] == ""]
    talk = sections.conversation(
        held.now,
        of_practice,
        inputs.engagement_parts,
        summary,
        inputs.communities,
        [row for row in inputs.verdicts if row["site"] == ""],
    )
    topics = _topics(held, inputs, sites)
    looks = sections.look_rows(inputs.worth_a_look)
    since_report = sections.since_last_report(inputs.changes, inputs.figures_before, month_word(add_months(month, -1)))
    return Report(
        language=spoken().tag,
        practice_id=practice.id,
        name=name,
        name_size="" if len(name) <= 44 else "long" if len(name) <= 100 else "very-long",
        short_name=clean(practice.name, 60),
        name_language=_script_language(name),
        month_id=f"{month:%Y-%m}",
        month=long_month(month),
        month_before=long_month(add_months(month, -1)),
        month_word=month_word(month),
        month_word_before=month_word(add_months(month, -1)),
        month_end=(add_months(month, 1) - dt.timedelta(days=1)).isoformat(),
        version=len(restatements) + 1,
        restated=restatements[-1] if restatements else "",
        paper=practice.paper,
        headline=headline(found),
        next_words=next_words(len(cards)),
        cards=tuple(cards),
        scores=(
            sections.reputation(held.now, sites, inputs.score_parts, of_month),
            sections.engagement(
                held.now("", "engagement_score"),
                summary,
                sections.by_weights_of_before(of_month, "", "engagement_score"),
            ),
        ),
        sites=tuple(_site_row(held, by_site[site]) for site in shown),
        more_sites=_more_sites(len(sites) - len(shown)),
        recommended=sections.recommended(held.now, sites),
        alerts=sections.alert_words(found.alerts),
        alert_links=tuple(row for row in looks if row.is_alert)[: sections.MOST_ALERTS],
        looks=sections.looks_shown(looks),
        looks_notes=sections.looks_notes(looks, held.now, sites, f"{month:%Y-%m}"),
        waiting=tuple(_waiting_row(row) for row in inputs.needs_answer[:MOST_WAITING]),
        more_waiting=_more_reviews(len(inputs.needs_answer) - MOST_WAITING),
        sure=_sure(found),
        panels=panels,
        scale_floor=_scale_floor(panels),
        more_panels=_more_panels(sum(held.has_reviews(s) for s in sites) - len(charted)),
        topics=topics,
        instead_of_topics="" if topics else _instead_of_topics(held, sites),
        changed=_changed(held, [by_site[site] for site in shown]),
        checks=sections.checks(inputs.bursts, inputs.worth_a_look, held.now, sites),
        conversation=talk,
        talk_card=None if talk.instead else _talk_card(found, cards),
        replies=tuple(_reply_row(held, site) for site in shown if held.can_reply(site)),
        replies_note=_replies_note(held, shown),
        since_report=since_report[: sections.MOST_CHANGED_SITES],
        more_since_report=_more_sites(len(since_report) - sections.MOST_CHANGED_SITES),
        followed_up=tuple(_followed_up(one, found) for one in asked or ()),
        instead_of_follow_up=_instead_of_follow_up(month, asked),
        vanity=sections.vanity_columns(inputs.vanity),
        more_vanity=sections.more_vanity(inputs.vanity),
        coverage=tuple(_coverage_row(held, site) for site in [*shown, *held.places()]),
        data_notes=_data_notes(held, [*shown, *held.places()], found),
        terms=_columns(_terms(held, inputs.catalogue, has_talk=not talk.instead)),
        as_of=written_day(as_of),
        score_version=clean(str(inputs.build["score_version"]), 40),
    )


def _columns(terms: Sequence[Term], number: int = 3) -> tuple[tuple[Term, ...], ...]:
    """Spread terms over columns of about the same height: the longest first, each into the shortest so far."""
    columns: list[list[Term]] = [[] for _ in range(number)]
    for term in sorted(terms, key=lambda term: -len(term.title + term.definition)):
        min(columns, key=lambda column: sum(len(t.title + t.definition) for t in column)).append(term)
    return tuple(tuple(sorted(column, key=terms.index)) for column in columns)


def _followed_up(asked: Asked, found: Findings) -> FollowUp:
    became = follow_up(asked, found)
    return FollowUp(clean(asked.what), _(BECAME_WORDS[became.state]), became.seen)


def _instead_of_follow_up(month: dt.date, asked: Sequence[Asked] | None) -> str:
    before = long_month(add_months(month, -1))
    if asked is None:
        return _("There is no report of {month} to follow up.", month=before)
    return "" if asked else _("The report of {month} asked for nothing.", month=before)


def _terms(held: _Held, catalogue: Sequence[Row], *, has_talk: bool) -> list[Term]:
    left_out = {*_SAID_BESIDE, *(() if has_talk else TALK)}
    if not any(held.measured(site, "recommendations") for site in held.sites()):
        left_out.add("recommendations")
    told = [row for row in catalogue if row["metric"] not in left_out]
    terms = [Term(row["title"].strip(), row["definition"].strip()) for row in told]
    moved = decimal(_CLEAR_MOVE)
    return [Term(clean(_(term.title), 60), clean(_(term.definition, stars=moved))) for term in [*terms, *RULES]]


def _talk_card(found: Findings, cards: Sequence[Card]) -> Card | None:
    """Return the action on conversation, if there is one that page 1 does not show already."""
    own = next((card for card in choose(found, most=len(LIBRARY)) if card.anchor == "conversation"), None)
    return None if own in cards else own


def _topics(held: _Held, inputs: ReportInputs, sites: Sequence[str]) -> tuple[sections.TopicRow, ...]:
    now = [row for row in inputs.figures if row["metric"] == "topic_mentions" and row["month"] == held.month]
    return sections.topic_rows([row for row in now if row["site"] in sites], inputs.verdicts)


def _instead_of_topics(held: _Held, sites: Sequence[str]) -> str:
    if any(held.measured(site, "topic_mentions") for site in sites):
        return _("No topic was named in the reviews that could be judged.")
    return _("No review of the month could be judged.")


class _Held:
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


def _more_sites(number: int) -> str:
    return ngettext("And {number} more site", "And {number} more sites", number) if number > 0 else ""


def _more_reviews(number: int) -> str:
    return ngettext("And {number} more review.", "And {number} more reviews.", number) if number > 0 else ""


def _more_panels(number: int) -> str:
    if number <= 0:
        return ""
    return ngettext(
        "And {number} more site in the tables below.", "And {number} more sites in the tables below.", number
    )


def _range_words(stars: Range) -> str:
    return f"{decimal(stars.low)}{_TO}{decimal(stars.high)}"


def _waiting(rows: Sequence[Row]) -> Waiting:
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


def _waiting_row(row: Row) -> WaitingRow:
    return WaitingRow(
        written=written_day(row["written_on"]),
        stars=int(row["stars"]),
        site=clean(site_name(row["site"]), 40),
        days=days(int(row["days_waiting"] or 0)),
        url=https_only(row["url"]),
        draft="" if row["has_alert"] else draft(_review_key(row), row["criticised"]),
    )


def _site_row(held: _Held, site: SiteFindings) -> SiteRow:
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


def _instead_of_stars(held: _Held, site: SiteFindings) -> str:
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


def verdict_words(verdict: str) -> str:
    return _(VERDICT_WORDS.get(verdict, VERDICT_WORDS["not_measured"]))


def _sure(found: Findings) -> tuple[str, ...]:
    unread = found.unread()
    read = [site for site in found.sites if site not in unread]
    number = sum(site.reviews or 0 for site in found.sites)
    said = [_("Based on {reviews} from {month}.", reviews=reviews(number), month=long_month(found.month))]
    if read:
        said.append(_("Read: {sites}.", sites=listed(site.name for site in read)))
    for site in unread[:3]:
        if site.last_read:
            said.append(_("{site} was not read since {day}.", site=site.name, day=written_day(site.last_read)))
        else:
            said.append(_("{site} was not read yet.", site=site.name))
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


def _panel(held: _Held, site: str) -> SitePanel:
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
    return SitePanel(
        anchor=f"site-{''.join(c for c in site if c.isascii() and c.isalnum())}",
        name=name,
        bars=bars,
        bars_alt=_("Reviews on {site} in {month} by stars. {counts}.", site=name, month=month, counts="; ".join(said)),
        instead_of_bars=instead,
        instead_of_trend=_instead_of_trend(points),
        years=_years(held, site),
        points=points,
        trend_alt=_("Mean stars on {site} by month. {means}.", site=name, means="; ".join(means)),
    )


def _years(held: _Held, site: str) -> str:
    first, last = add_months(held.month, -held.months(site)[0]).year, held.month.year
    return str(last) if first == last else f"{first}{_TO}{last % 100:02d}"


def _instead_of_trend(points: Sequence[Point]) -> str:
    if len(points) < 2:
        return _("The trend starts with the second month.")
    return "" if any(point.stars for point in points) else _("No month had the 5 reviews with stars that a mean needs.")


def _scale_floor(panels: Sequence[SitePanel]) -> int:
    """Return where all trends of a report start, so that sites can be compared: at 3 stars if nothing lies below."""
    lows = [point.stars.low for panel in panels for point in panel.points if point.stars]
    return 3 if min(lows, default=1.0) >= 3 else 1


def _point(held: _Held, site: str, months_back: int) -> Point:
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


def _changed(held: _Held, sites: Sequence[SiteFindings]) -> tuple[ChangedRow, ...]:
    """Return a row a site, or none at all where every site is in its first month."""
    verdicts = {change.verdict for site in sites for change in site.changes.values()}
    return () if verdicts <= {"first_month"} else tuple(_changed_row(held, site) for site in sites)


def _changed_row(held: _Held, site: SiteFindings) -> ChangedRow:
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


def _reply_row(held: _Held, site: str) -> ReplyRow:
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
        return _reason(row)
    share = share_cell(row)
    return share if share != NONE else _("none to answer")


def _reason(row: Row) -> str:
    reason = str(row["reason"] or "")
    return _(STILL_OPEN) if reason == "maturing" else clean(reason_words(reason), 60) or verdict_words("not_measured")


def _typical_time(row: Row | None) -> str:
    if row is None:
        return NONE
    if row["value"] is None or row["state"] not in {"value", "zero"}:
        return verdict_words("too_few") if row["state"] == "too_few" else _reason(row)
    return hours_words(float(row["value"]))


def _replies_note(held: _Held, sites: Sequence[str]) -> str:
    rows = [held.figure(site, "reply_share") for site in sites]
    if not any(row and row["reason"] == "maturing" for row in rows):
        return ""
    closes = add_months(held.month, 1) + dt.timedelta(days=30)
    return _("{month} is final on {day}", month=month_word(held.month), day=written_day(closes))


def _coverage_row(held: _Held, site: str) -> CoverageRow:
    seen = held.coverage.get(site, {})
    removed = held.figure(site, "reviews_removed")
    vanished = None if removed and removed["state"] == "not_measured" else int(seen.get("vanished") or 0)
    last = seen.get("last_complete_night")
    total = seen.get("platform_total")
    expected = seen.get("nights_expected")
    return CoverageRow(
        name=clean(site_name(site), 40),
        nights=of(int(seen.get("nights_read") or 0), int(expected)) if expected else NONE,
        full_list=written_day(last) if last else _("never"),
        held=whole((seen.get("held") or 0) + (seen.get("conversation_items") or 0)),
        platform_total=NONE if total is None else whole(total),
        set_aside=whole(seen.get("set_aside") or 0),
        vanished=NONE if vanished is None else whole(vanished),
    )


def _data_notes(held: _Held, sites: Sequence[str], found: Findings) -> tuple[str, ...]:
    unread = {site.site for site in found.unread()}
    said = [_data_note(held.coverage.get(site, {}), site, found, was_read=site not in unread) for site in sites]
    notes = [note for note in said if note]
    notes += [note for site in sites if (note := _disagreeing(held, site))]
    if named := sorted({clean(str(row["attribution"]), 80) for row in held.coverage.values() if row["attribution"]}):
        notes.append(_("Sources, as their terms want them named: {names}.", names="; ".join(named)))
    return tuple(notes)


def _disagreeing(held: _Held, site: str) -> str:
    """Return how many reviews say the opposite of their stars, which no figure of stars can show, or nothing."""
    row = held.figure(site, "stars_and_words_disagree")
    if row is None or not row["value"]:
        return ""
    return ngettext(
        "{site}: the words of {number}\u00a0review say the opposite of its stars.",
        "{site}: the words of {number}\u00a0reviews say the opposite of their stars.",
        int(row["value"]),
        site=clean(site_name(site), 40),
    )


def _data_note(seen: Row, site: str, found: Findings, *, was_read: bool) -> str:
    """Return what has to be said of how a site was read, or nothing."""
    name = clean(site_name(site), 40)
    if seen.get("left_out"):
        return _("{site}: not read, because no key for it was given. Ask us to connect it.", site=name)
    why = _why(str(seen.get("why") or ""))
    if not was_read:
        last = seen.get("last_read_night")
        if last:
            note = _("{site}: not read since {day}.", site=name, day=written_day(last))
        else:
            note = _("{site}: not read yet.", site=name)
        return f"{note} {why}" if why else note
    if why:
        return f"{name}: {why}"
    if seen and not seen.get("month_is_complete") and found.month_is_over:
        return _("{site}: no full list was read late enough to be sure that no review of the month is gone.", site=name)
    return ""


def _why(reason: str) -> str:
    """Return a reason as a sentence, or nothing where it repeats what a note says anyway."""
    if not reason or reason.startswith(("last read on", "never read", "the month is not over")):
        return ""
    return sentence(clean(reason_words(reason), 160))


def _script_language(name: str) -> str | None:
    """Return a BCP 47 tag saying the script of a name that is not written in Latin letters; its language is unknown."""
    letters = [unicodedata.name(character, "").split(" ")[0] for character in name if character.isalpha()]
    scripts = {"HEBREW": "Hebr", "ARABIC": "Arab", "GREEK": "Grek", "CYRILLIC": "Cyrl"}
    scripts |= {"CJK": "Hani", "HIRAGANA": "Jpan", "KATAKANA": "Jpan", "HANGUL": "Kore"}
    scripts |= {"ARMENIAN": "Armn", "DEVANAGARI": "Deva", "THAI": "Thai"}
    found = [scripts[letter] for letter in letters if letter in scripts]
    if not found or 2 * len(found) < len(letters):
        return None
    if "Jpan" in found:
        # Chinese has no kana: with it the ideographs are Japanese too.
        return "und-Jpan"
    return f"und-{max(sorted(set(found)), key=found.count)}"
