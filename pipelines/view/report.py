"""All that a report prints, put together from its pages."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.advice import Asked, Card, Findings, choose, headline, next_words
from pipelines.locales import language, speaking, spoken
from pipelines.pdf import clean
from pipelines.periods import add_months
from pipelines.practices import Practice
from pipelines.view.conversation import Conversation, conversation, talk_card, talk_found
from pipelines.view.coverage import CoverageRow, coverage_row, data_notes
from pipelines.view.held import Held, ReportInputs
from pipelines.view.looks import MOST_ALERTS, LookRow, alert_words, alerts_found, look_rows, looks_notes, looks_shown
from pipelines.view.private import (
    MOST_CHANGED_SITES,
    Check,
    FollowUp,
    SiteChanges,
    checks,
    followed_up,
    instead_of_follow_up,
    invitations_found,
    more_changed,
    more_checks,
    since_last_report,
)
from pipelines.view.scores import Score, by_weights_of_before, engagement, reputation
from pipelines.view.sites import (
    ChangedRow,
    ReplyRow,
    SitePanel,
    TopicRow,
    changed_rows,
    instead_of_topics,
    more_panels,
    replies_note,
    reply_row,
    scale_floor,
    site_panel,
    topics_of_month,
)
from pipelines.view.summary import (
    MOST_WAITING,
    SiteRow,
    WaitingRow,
    found_waiting,
    how_sure,
    more_sites,
    more_waiting,
    recommended,
    site_row,
    waiting_row,
    waiting_words,
)
from pipelines.view.terms import Term, report_terms, term_blocks
from pipelines.view.vanity import VanityGroup, more_vanity, vanity_columns
from pipelines.wording import long_month, month_word, written_day

MOST_SITES_CHARTED = 3
MOST_SITES = 6


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
    scores: tuple[Score, ...]
    sites: tuple[SiteRow, ...]
    more_sites: str
    recommended: tuple[str, ...]
    alerts: str
    not_checked: str
    alert_links: tuple[LookRow, ...]
    looks: tuple[LookRow, ...]
    looks_notes: tuple[str, ...]
    waiting: tuple[WaitingRow, ...]
    waiting_words: str
    more_waiting: str
    sure: tuple[str, ...]
    panels: tuple[SitePanel, ...]
    scale_floor: int
    more_panels: str
    topics: tuple[TopicRow, ...]
    instead_of_topics: str
    changed: tuple[ChangedRow, ...]
    checks: tuple[Check, ...]
    more_checks: str
    conversation: Conversation
    talk_card: Card | None
    replies: tuple[ReplyRow, ...]
    replies_note: str
    since_report: tuple[SiteChanges, ...]
    more_since_report: str
    followed_up: tuple[FollowUp, ...]
    instead_of_follow_up: str
    vanity: tuple[tuple[VanityGroup, ...], ...]
    more_vanity: str
    coverage: tuple[CoverageRow, ...]
    data_notes: tuple[str, ...]
    terms: tuple[tuple[tuple[Term, ...], ...], ...]
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
    held = Held(month, inputs)
    as_of: dt.date = inputs.build["as_of_night"]
    sites = held.sites()
    found = Findings(
        month=month,
        as_of_night=as_of,
        sites=tuple(held.findings(site) for site in sites),
        waiting=found_waiting(inputs.needs_answer),
        alerts=alerts_found(held.now, sites, inputs.worth_a_look, inputs.past_comments),
        talk=talk_found(held.now),
        invitations=invitations_found(held.now),
    )
    by_site = {site.site: site for site in found.sites}
    cards = choose(found)
    shown, charted = sites[:MOST_SITES], [s for s in sites if held.has_reviews(s)][:MOST_SITES_CHARTED]
    panels = tuple(site_panel(held, site) for site in charted)
    name = clean(practice.name)
    summary = next(iter(inputs.engagement_summary), None)
    of_month = [row for row in inputs.figures if row["month"] == month]
    of_practice = [row for row in of_month if row["site"] == ""]
    talk = conversation(
        held.now,
        of_practice,
        inputs.engagement_parts,
        summary,
        inputs.communities,
        [row for row in inputs.verdicts if row["site"] == ""],
    )
    topics = topics_of_month(held, inputs, sites)
    looks = look_rows(inputs.worth_a_look)
    alerts, not_checked = alert_words(found.alerts)
    since_report = since_last_report(inputs.changes, inputs.figures_before, month_word(add_months(month, -1)))
    worth_checking, left = checks(inputs.bursts, inputs.worth_a_look, held.now, sites)
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
            reputation(held.now, sites, inputs.score_parts, of_month),
            engagement(
                held.now("", "engagement_score"),
                summary,
                by_weights_of_before(of_month, "", "engagement_score"),
            ),
        ),
        sites=tuple(site_row(held, by_site[site]) for site in shown),
        more_sites=more_sites(len(sites) - len(shown)),
        recommended=recommended(held.now, sites),
        alerts=alerts,
        not_checked=not_checked,
        alert_links=tuple(row for row in looks if row.is_alert)[:MOST_ALERTS],
        looks=looks_shown(looks),
        looks_notes=looks_notes(looks, held.now, sites, f"{month:%Y-%m}"),
        waiting=tuple(waiting_row(row) for row in inputs.needs_answer[:MOST_WAITING]),
        waiting_words=waiting_words(inputs.needs_answer),
        more_waiting=more_waiting(len(inputs.needs_answer) - MOST_WAITING, f"{month:%Y-%m}"),
        sure=how_sure(found),
        panels=panels,
        scale_floor=scale_floor(panels),
        more_panels=more_panels(sum(held.has_reviews(s) for s in shown) - len(charted)),
        topics=topics,
        instead_of_topics="" if topics else instead_of_topics(held, sites),
        changed=changed_rows(held, [by_site[site] for site in shown]),
        checks=worth_checking,
        more_checks=more_checks(left),
        conversation=talk,
        talk_card=None if talk.instead else talk_card(found, cards),
        replies=tuple(reply_row(held, site) for site in shown if held.can_reply(site)),
        replies_note=replies_note(held, shown),
        since_report=since_report[:MOST_CHANGED_SITES],
        more_since_report=more_changed(len(since_report) - MOST_CHANGED_SITES),
        followed_up=tuple(followed_up(one, found) for one in asked or ()),
        instead_of_follow_up=instead_of_follow_up(month, asked),
        vanity=vanity_columns(inputs.vanity),
        more_vanity=more_vanity(inputs.vanity),
        coverage=tuple(coverage_row(held, site) for site in [*shown, *held.places()]),
        data_notes=data_notes(held, [*shown, *held.places()], found),
        terms=term_blocks(report_terms(held, inputs.catalogue, has_talk=not talk.instead)),
        as_of=written_day(as_of),
        score_version=clean(str(inputs.build["score_version"]), 40),
    )


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
