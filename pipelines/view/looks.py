"""Alerts, and replies and own comments that may disclose: how many on page 1, each with its link, never the words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.advice import Alerts, site_name
from pipelines.locales import _, ngettext, whole
from pipelines.pdf import clean, https_only
from pipelines.view.held import Lookup, was_measured
from pipelines.wording import Row, listed, more_in_file, written_day

MOST_LOOKS = 8

MOST_ALERTS = 3

_ALERTS = ("ALERT_safety", "ALERT_discrimination", "ALERT_privacy")

SEVERITIES = {"critical": "{number} critical", "high": "{number} high", "caution": "{number} caution"}
_GRAVE = ("critical", "high")

# How strongly a reply should be looked at.
REPLIES = {"critical": "Reply, critical", "high": "Reply, high", "caution": "Reply, caution"}

# The same of a comment of the practice's own, below a post.
COMMENTS = {"critical": "Comment, critical", "high": "Comment, high", "caution": "Comment, caution"}

# What an alert or a class of the disclosure check is a sign of, the alerts in the order of their weight.
SIGNS = {
    "ALERT_safety": "harm",
    "ALERT_privacy": "a breach of privacy",
    "ALERT_discrimination": "unfair treatment",
    "P1": "who is a patient",
    "P2": "who is no patient",
    "P3": "when somebody came",
    "P4": "a treatment",
    "P5": "a state of health",
    "P6": "a bill or an insurer",
    "P7": "a name",
    "P8": "records",
    "P9": "family",
    "P10": "somebody\u2019s behaviour",
    "P11": "a number or an address",
    "N1": "a threat",
    "N2": "an offer for a review",
    "N3": "medical advice",
}


@dataclass(frozen=True)
class LookRow:
    """One review with an alert, or one reply or own comment that may give something away: what for, where, no words."""

    site: str
    what: str
    signs: str
    day: dt.date
    written: str
    url: str | None
    kind: str
    severity: str | None

    @property
    def is_alert(self) -> bool:
        return self.severity is None


def alerts_found(figure: Lookup, sites: Sequence[str], looks: Sequence[Row], past: Sequence[Row]) -> Alerts:
    """Add up what needs a person's eyes, over the sites whose words could be judged.

    Own comments are counted as they are listed: their figure leaves out sites that are not known for all of its days.
    `past` are those that were listed for the last time a month before.
    """
    comments = [row["severity"] for row in looks if row["kind"] == "comment" and row["severity"] is not None]
    grave = sum(severity in _GRAVE for severity in comments)
    raised = {part: [figure(site, "alerts", part=part) for site in sites] for part in _ALERTS}
    held = {part: [figure(site, "replies_to_look_at", part=part) for site in sites] for part in SEVERITIES}
    return Alerts(
        harm=_sum(raised["ALERT_safety"]),
        unfair=_sum(raised["ALERT_discrimination"]),
        privacy=_sum(raised["ALERT_privacy"]),
        replies_grave=sum(_sum(held[part]) for part in _GRAVE),
        replies_possible=_sum(held["caution"]),
        comments_grave=grave,
        comments_possible=len(comments) - grave,
        comments_past=sum(row["severity"] in _GRAVE for row in past),
        checked=any(_was_checked(row) for rows in raised.values() for row in rows),
        replies_checked=any(_was_checked(row) for rows in held.values() for row in rows),
    )


def _was_checked(row: Row | None) -> bool:
    """Tell whether words were looked through, if not those of a whole month."""
    return was_measured(row) or bool(row and row["sample_size"])


def _sum(rows: Sequence[Row | None]) -> int:
    return sum(int(row["value"] or 0) for row in rows if row)


def look_rows(looks: Sequence[Row]) -> tuple[LookRow, ...]:
    """Return the reviews with an alert and then own words, each the gravest first and of these the newest."""
    weights = {part: weight for weight, part in enumerate([*[*SIGNS][: len(_ALERTS)], *REPLIES])}

    def weight(row: Row) -> tuple[int, int]:
        kinds = [row["severity"]] if row["severity"] else row["classes"]
        return min(weights[kind] for kind in kinds), -row["written_on"].toordinal()

    return tuple(_look_row(row) for row in sorted(looks, key=weight))


def _look_row(row: Row) -> LookRow:
    severity = row["severity"]
    named = COMMENTS if row["kind"] == "comment" else REPLIES
    return LookRow(
        site=clean(site_name(row["site"]), 40),
        what=_(named[severity]) if severity else _("Review"),
        signs=listed(_(words) for sign, words in SIGNS.items() if sign in row["classes"]),
        day=row["written_on"],
        written=written_day(row["written_on"]),
        url=https_only(row["url"]),
        kind=row["kind"],
        severity=severity,
    )


def looks_shown(rows: Sequence[LookRow]) -> tuple[LookRow, ...]:
    """Return the rows there is room for: the alerts that page 1 links to, and own words for the rest."""
    alerts = [row for row in rows if row.is_alert]
    own_words = [row for row in rows if not row.is_alert]
    # A sentence on how long comments count takes the room of a row, and so does one on how to find what has no link.
    most = MOST_LOOKS - any(row.kind == "comment" for row in own_words)

    def first(most: int) -> tuple[LookRow, ...]:
        return tuple([*alerts[: max(MOST_ALERTS, most - len(own_words))], *own_words][:most])

    shown = first(most)
    return shown if all(row.url for row in shown) else first(most - 1)


def looks_file(month: str) -> str:
    """Return how the attached file is called that has every row of a month ("2026-10")."""
    return f"worth-a-look-{month}.csv"


def looks_notes(rows: Sequence[LookRow], figure: Lookup, sites: Sequence[str], month: str) -> tuple[str, ...]:
    """Return what stands below the list: own words by concern, how to find one without a link, where the rest is."""
    replies = {part: _sum([figure(site, "replies_to_look_at", part=part) for site in sites]) for part in SEVERITIES}
    comments = {part: sum(row.kind == "comment" and row.severity == part for row in rows) for part in SEVERITIES}
    shown = looks_shown(rows)
    said = []
    if any(replies.values()):
        said.append(_("Replies count as long as they stand, from any month: {counts}.", counts=_counts(replies)))
    if any(comments.values()):
        said.append(_("Comments of yours count for 90 days: {counts}.", counts=_counts(comments)))
    if any(row.url is None for row in shown):
        said.append(_("Without a link, look for the day on the site itself."))
    if more := len(rows) - len(shown):
        said.append(more_in_file(more, looks_file(month)))
    return tuple(said)


def _counts(held: Mapping[str, int]) -> str:
    return listed(_(SEVERITIES[part], number=whole(number)) for part, number in held.items() if number)


def alert_words(found: Alerts) -> tuple[str, str]:
    """Return the lines of page 1 before and after its links: how many, never what; and what could not be checked."""
    if not found.checked and not found.replies_checked:
        unchecked = _("Neither reviews nor replies could be checked.")
        return (_found_words(found), unchecked) if found.number else (unchecked, "")
    if not found.checked:
        return _found_words(found), _("Reviews were not checked.")
    return _found_words(found), "" if found.replies_checked else _("Replies were not checked.")


def _found_words(found: Alerts) -> str:
    if not found.number:
        return _("Nothing was found that needs a look.")
    alerts = ngettext("{number}\u00a0alert", "{number}\u00a0alerts", found.raised)
    replies = ngettext("{number}\u00a0reply", "{number}\u00a0replies", found.replies)
    comments = ngettext("{number}\u00a0comment of yours", "{number}\u00a0comments of yours", found.comments)
    told = ((found.raised, alerts), (found.replies, replies), (found.comments, comments))
    return _("{things} to look at.", things=listed(words for number, words in told if number))
