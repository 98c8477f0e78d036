"""The scores, topics, alerts, unusual weeks and conversation of a report, as words and positions.

Nothing here is computed from reviews again: rows of the warehouse come in, each with the state that says whether it is
a number, and sentences go out. A score that was not given is a sentence with its reason, never a bar at zero.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.advice import Alerts, Talk, site_name
from pipelines.locales import _, ngettext, whole
from pipelines.pdf import clean, https_only
from pipelines.reasons import reason_words
from pipelines.wording import (
    NONE,
    Row,
    decimal,
    hours_words,
    listed,
    people,
    reviews,
    sentence,
    share,
    share_cell,
    written_day,
)

MOST_COMMUNITIES = 4
MOST_CHANGED_SITES = 2
MOST_CHANGED_LINKS = 2
MOST_TOPICS = 6
MOST_BURSTS = 3
MOST_LOOKS = 8
MOST_ALERTS = 3
MOST_VANITY = 90
_NOT_CONNECTED = "no account, community or feed is connected"
_ALERTS = ("ALERT_safety", "ALERT_discrimination", "ALERT_privacy")
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
# Part of the Engagement Quality Score: how the report calls it, what was found of how many, and where there is none.
PARTS = {
    "E1": ("Answered in time", "{share} questions and complaints", "no questions and complaints"),
    "E2": ("Went deeper", "{share} threads with three turns or more", "no threads with three turns or more"),
    "E3": ("Came back", "{share} people of the 90 days before", "no people of the 90 days before"),
    "E4": (
        "Spoke for you",
        "{share} people who spoke up, passed on or recommended",
        "no people who spoke up, passed on or recommended",
    ),
    "E5": (
        "Posts that help",
        "{share} posts with help, thanks or local news",
        "no posts with help, thanks or local news",
    ),
    "E6": ("Reached out", "{share} acts in other people\u2019s places", "no acts in other people\u2019s places"),
}
# A share of the conversation that changed: what it is a share of, and the sentence by verdict and months of each side.
SHARES = {
    "answered_share": "Questions and complaints answered in time",
    "depth_share": "Threads that went deeper",
    "came_back_share": "People who came back",
    "word_of_mouth_share": "People who spoke for you",
    "helpful_mix_share": "Posts that help",
    "reaching_out_share": "Acts in other people\u2019s places",
}
COMPARED = {
    ("rose", 1): "{what} rose from {before} the month before to {now}.",
    ("fell", 1): "{what} fell from {before} the month before to {now}.",
    ("rose", 3): "{what} rose from {before} in the 90 days before to {now} in the last 90.",
    ("fell", 3): "{what} fell from {before} in the 90 days before to {now} in the last 90.",
}
POST_TYPES = {
    "health_information": "Health information",
    "community": "Community",
    "recognition": "Thanks to others",
    "answer": "Answers",
    "promotion": "Advertising",
    "other": "Other",
    "not coded": "Not told apart",
}
# How strongly a score is meant, in the words of the warehouse.
FIRMNESS = ("firm", "fair", "rough")
# What is worth checking touches a rule of the United States on reviews: its section, and what that asks for.
RULES = {
    "genuine": "16 CFR 465.2: a review tells what its writer went through.",
    "incentives": "16 CFR 465.4: nothing is given for praise.",
    "threats": "16 CFR 465.7(a): nobody is threatened over a review.",
}
# Part of the Reputation Score: what the points are for.
SCORE_PARTS = {
    "stars": "{points} of {all} for stars",
    "not unhappy": "{points} of {all} for few unhappy people",
    "answers": "{points} of {all} for safe answers",
}
SEVERITIES = {"critical": "{number} critical", "high": "{number} high", "caution": "{number} caution"}
# How strongly a reply should be looked at.
REPLIES = {"critical": "Reply, critical", "high": "Reply, high", "caution": "Reply, caution"}
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
# Praise or criticism of a topic, by the verdict on it.
MOVED = {
    ("positive", "rose"): "praise rose",
    ("positive", "fell"): "praise fell",
    ("negative", "rose"): "criticism rose",
    ("negative", "fell"): "criticism fell",
}
# What a site without stars asks instead of them.
RECOMMENDED = {"recommended": "recommended", "not_recommended": "not recommended"}
# Kind of change since the last report: of one review, and of several.
CHANGES = {
    "came late": (
        "{number}\u00a0review of an earlier month came late",
        "{number}\u00a0reviews of earlier months came late",
    ),
    "vanished": ("{number}\u00a0review is no longer visible", "{number}\u00a0reviews are no longer visible"),
    "came back": ("{number}\u00a0review is visible again", "{number}\u00a0reviews are visible again"),
    "other stars": ("{number}\u00a0review has other stars", "{number}\u00a0reviews have other stars"),
    "other words": ("{number}\u00a0review reads differently", "{number}\u00a0reviews read differently"),
    "answer came": (
        "{number}\u00a0earlier review has an answer now",
        "{number}\u00a0earlier reviews have an answer now",
    ),
    "answer gone": ("{number}\u00a0answer of yours is gone", "{number}\u00a0answers of yours are gone"),
    "answer rewritten": (
        "{number}\u00a0answer of yours reads differently",
        "{number}\u00a0answers of yours read differently",
    ),
}
# Links lead to what an owner has not seen yet, and to nothing that is gone.
_LINKED = ("came late", "came back", "other stars")
_NOT_KNOWN = ("what was known then is no longer kept", "not read since the last report")
_HELPS = ("health_information", "community", "recognition", "answer")
Lookup = Callable[..., Row | None]


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


@dataclass(frozen=True)
class TopicRow:
    topic: str
    site: str
    praised: str
    criticised: str
    change: str


@dataclass(frozen=True)
class LookRow:
    """One review with an alert, or one reply that may give something away: what for and where, never its words."""

    site: str
    what: str
    signs: str
    day: dt.date
    written: str
    url: str | None
    is_alert: bool


@dataclass(frozen=True)
class Check:
    """What is worth checking: the section of a rule, and what was seen that touches it."""

    rule: str
    seen: str


@dataclass(frozen=True)
class Mix:
    """The practice's posts by what they do, in three fills that grey print keeps apart; `types` counts each kind."""

    helps: int
    sells: int
    other: int
    types: tuple[tuple[str, str], ...]
    note: str
    alt: str


@dataclass(frozen=True)
class PartRow:
    name: str
    found: str
    points: str
    of_points: str


@dataclass(frozen=True)
class CommunityRow:
    place: str
    said: str
    first_post: str
    last_activity: str
    replies: str
    url: str | None


@dataclass(frozen=True)
class SiteChanges:
    """What one site's last report was made of and is otherwise now; `since` is the day it was known as it was told."""

    site: str
    since: str
    words: str
    links: tuple[str, ...]


@dataclass(frozen=True)
class VanityGroup:
    """Numbers of one site that move no score and were counted alike: the platform's name of each, and its value."""

    site: str
    how: str
    numbers: tuple[tuple[str, str], ...]

    @property
    def height(self) -> int:
        """Return about how many lines it takes: its heading of two lines and a gap, and longer names take two."""
        return 4 + sum(1 + len(name) // 28 for name, _ in self.numbers)


@dataclass(frozen=True)
class Conversation:
    """The page on conversation. `instead` is the one sentence that stands for it where nothing is connected or read."""

    instead: str
    answers: tuple[str, ...] = ()
    parts: tuple[PartRow, ...] = ()
    parts_note: str = ""
    not_known: tuple[str, ...] = ()
    mix: Mix | None = None
    instead_of_mix: str = ""
    posts: str = ""
    communities: tuple[CommunityRow, ...] = ()
    communities_words: str = ""
    more_communities: str = ""


def _reason(row: Row | None) -> str:
    return clean(reason_words(str(row["reason"] or "")), 120) if row else ""


def _is_number(row: Row | None) -> bool:
    return row is not None and row["state"] in {"value", "zero"} and row["value"] is not None


def _score(title: str, of: str, row: Row, firmness: str, made_of: str, before: Row | None) -> Score:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    ends = {"low": decimal(low, "1"), "high": decimal(high, "1")}
    told = {"score": title, "number": decimal(value, "1"), "firmness": _(firmness)} | ends
    if of:
        alt = _("{score} of {site}: {number} of 100, likely {low} to {high}, {firmness}.", site=of, **told)
    else:
        alt = _("{score}: {number} of 100, likely {low} to {high}, {firmness}.", **told)
    says = _("likely {low} to {high}, {firmness}", firmness=_(firmness), **ends)
    if before is not None and _is_number(before):
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
        if row is not None and _is_number(row) and own:
            points = {part["part"]: (decimal(part["points"], "1"), decimal(part["out_of"], "1")) for part in own}
            said = [
                _(words, points=points[part][0], all=points[part][1])
                for part, words in SCORE_PARTS.items()
                if part in points
            ]
            where = clean(site_name(site), 40) if site else _("all sites that may be joined")
            before = by_weights_of_before(figures, site, metric)
            moves = decimal(float(own[0]["largest_move"]), "1")
            made_of = _(
                "{parts}; one review more moves it by {points} points at most", parts=listed(said), points=moves
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
        told = {"site": clean(site_name(few[0]), 40), "reason": _reason(few[1])}
        return _no_score(title, _("Not enough to score: {site} has {reason}.", **told))
    if rows:
        site, row = rows[0]
        told = {"site": clean(site_name(site), 40), "reason": _reason(row)}
        return _no_score(title, _("Not measured: {site}, {reason}.", **told))
    return _no_score(title, _("Not measured: no site with reviews was read."))


def engagement(row: Row | None, summary: Row | None, before: Row | None) -> Score:
    """Return the Engagement Quality Score (and, in the first month of other weights, that of before), or why none."""
    title = _("Engagement quality")
    if row is None or row["reason"] == _NOT_CONNECTED:
        return _no_score(title, _("No account is connected."))
    if summary and (_is_number(row) or row["state"] == "too_few"):
        acts = ngettext("{number}\u00a0act of yours", "{number}\u00a0acts of yours", int(summary["acts"]))
        rests_on = {"people": people(int(summary["people"])), "acts": acts}
        if _is_number(row):
            made_of = _("{people} and {acts} in 90 days", **rests_on)
            return _score(title, "", row, str(summary["firmness"]), made_of, before)
        few = _("Not enough to score: {people} and {acts} in 90 days; it takes 8 of each.", **rests_on)
        return _no_score(title, few)
    return _no_score(title, _("Not measured: {reason}.", reason=_reason(row)))


def alerts_found(figure: Lookup, sites: Sequence[str]) -> Alerts:
    """Add up what needs a person's eyes, over the sites whose words could be judged."""
    raised = {part: [figure(site, "alerts", part=part) for site in sites] for part in _ALERTS}
    held = {part: [figure(site, "replies_to_look_at", part=part) for site in sites] for part in SEVERITIES}
    return Alerts(
        harm=_sum(raised["ALERT_safety"]),
        unfair=_sum(raised["ALERT_discrimination"]),
        privacy=_sum(raised["ALERT_privacy"]),
        replies_grave=_sum(held["critical"]) + _sum(held["high"]),
        replies_possible=_sum(held["caution"]),
        checked=any(_was_measured(row) for rows in raised.values() for row in rows),
        replies_checked=any(_was_measured(row) for rows in held.values() for row in rows),
    )


def _was_measured(row: Row | None) -> bool:
    return row is not None and row["state"] != "not_measured"


def _sum(rows: Sequence[Row | None]) -> int:
    return sum(int(row["value"] or 0) for row in rows if row)


def look_rows(looks: Sequence[Row]) -> tuple[LookRow, ...]:
    """Return the reviews with an alert and then the replies, each the gravest first and of these the newest."""
    weights = {part: weight for weight, part in enumerate([*[*SIGNS][: len(_ALERTS)], *REPLIES])}

    def weight(row: Row) -> tuple[int, int]:
        kinds = [row["severity"]] if row["kind"] == "reply" else row["classes"]
        return min(weights[kind] for kind in kinds), -row["written_on"].toordinal()

    return tuple(_look_row(row) for row in sorted(looks, key=weight))


def _look_row(row: Row) -> LookRow:
    is_alert, severity = row["kind"] != "reply", row["severity"]
    return LookRow(
        site=clean(site_name(row["site"]), 40),
        what=_("Review") if is_alert else _(REPLIES[severity]),
        signs=listed(_(words) for sign, words in SIGNS.items() if sign in row["classes"]),
        day=row["written_on"],
        written=written_day(row["written_on"]),
        url=https_only(row["url"]),
        is_alert=is_alert,
    )


def looks_shown(rows: Sequence[LookRow]) -> tuple[LookRow, ...]:
    """Return the rows there is room for: the alerts that page 1 links to, and replies for the rest."""
    alerts = [row for row in rows if row.is_alert]
    replies = [row for row in rows if not row.is_alert]
    return tuple([*alerts[: max(MOST_ALERTS, MOST_LOOKS - len(replies))], *replies][:MOST_LOOKS])


def looks_file(month: str) -> str:
    """Return how the attached file is called that has every row of a month ("2026-10")."""
    return f"worth-a-look-{month}.csv"


def looks_notes(rows: Sequence[LookRow], figure: Lookup, sites: Sequence[str], month: str) -> tuple[str, ...]:
    """Return what stands below the list: the replies by concern, how to find one without a link, where the rest is."""
    held = {part: _sum([figure(site, "replies_to_look_at", part=part) for site in sites]) for part in SEVERITIES}
    counts = [_(SEVERITIES[part], number=whole(number)) for part, number in held.items() if number]
    shown = looks_shown(rows)
    said = (
        [_("Replies count as long as they stand, from any month: {counts}.", counts=listed(counts))] if counts else []
    )
    if any(row.url is None for row in shown):
        said.append(_("Without a link, look for the day on the site itself."))
    if more := len(rows) - len(shown):
        said.append(
            ngettext(
                "And {number}\u00a0more, in the attached file {file}.",
                "And {number}\u00a0more, in the attached file {file}.",
                more,
                file=looks_file(month),
            )
        )
    return tuple(said)


def alert_words(found: Alerts) -> str:
    """Return the one line of page 1: how many, never what."""
    if not found.checked and not found.replies_checked and not found.number:
        return _("Neither reviews nor replies could be checked.")
    sentences = [_found_words(found)]
    sentences += [] if found.checked else [_("Reviews were not checked.")]
    sentences += [] if found.replies_checked else [_("Replies were not checked.")]
    return " ".join(sentences)


def _found_words(found: Alerts) -> str:
    alerts = ngettext("{number}\u00a0alert", "{number}\u00a0alerts", found.raised)
    replies = ngettext("{number}\u00a0reply", "{number}\u00a0replies", found.replies)
    if found.raised and found.replies:
        return _("{alerts} and {replies} to look at.", alerts=alerts, replies=replies)
    if not found.number:
        return _("Nothing was found that needs a look.")
    return _("{things} to look at.", things=alerts if found.raised else replies)


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


def checks(bursts: Sequence[Row], looks: Sequence[Row], figure: Lookup, sites: Sequence[str]) -> tuple[Check, ...]:
    """Return what is worth checking by the rule that it touches. What it was is not said, because it is not known."""
    repeated = {
        site: row for site in sites if _is_number(row := figure(site, "repeated_texts")) and row and row["value"]
    }
    seen = [f"{_name(row['site'])}: {_burst_note(row, figure)}" for row in bursts[:MOST_BURSTS]]
    if bursts:
        seen += _more_weeks(len(bursts) - MOST_BURSTS)
        seen.append(_("Such a week may be an event, a news story, an invitation you sent, or an attack."))
    if repeated:
        shares = listed(
            _("{share} on {site}", share=share(int(row["value"]), int(row["sample_size"])), site=_name(site))
            for site, row in repeated.items()
        )
        seen.append(
            _("Reviews of five words or more with the words of another account\u2019s: {shares}.", shares=shares)
        )
    found = [("genuine", seen)] if seen else []
    for sign, rule in (("N1", "threats"), ("N2", "incentives")):
        number = sum(row["kind"] == "reply" and sign in row["classes"] for row in looks)
        if number:
            replies = ngettext(
                "{number}\u00a0reply of yours has signs of {what}.",
                "{number}\u00a0replies of yours have signs of {what}.",
                number,
                what=_(SIGNS[sign]),
            )
            found.append((rule, [replies]))
    return tuple(Check(_(RULES[rule]), " ".join(said)) for rule, said in found)


def _name(site: str) -> str:
    return clean(site_name(site), 40)


def _more_weeks(number: int) -> list[str]:
    if number <= 0:
        return []
    return [ngettext("And {number}\u00a0more such week.", "And {number}\u00a0more such weeks.", number)]


def _burst_note(row: Row, figure: Lookup) -> str:
    is_cluster = row["verdict"] == "unusual cluster"
    sentences = [
        _("{number} reviews in the week of {day}, an unusual cluster after {before} in 12 weeks.", **_week(row))
        if is_cluster
        else _("{number} reviews in the week of {day}, an unusual number after {before} in 12 weeks.", **_week(row))
    ]
    if is_cluster:
        low = row["leaning"] == "low"
        part = share(int(row["low_rated" if low else "best_rated"]), int(row["rated"]))
        sentences.append(
            _("{share} gave one or two stars.", share=part) if low else _("{share} gave five stars.", share=part)
        )
        mean = figure(row["site"], "mean_stars", part="without the cluster")
        if _is_number(mean) and mean:
            without = decimal(mean["value"])
            sentences.append(_("Without the cluster the month\u2019s mean is {mean}.", mean=without))
        else:
            sentences.append(_("Without the cluster too few reviews are left for a mean."))
    return " ".join(sentences)


def _week(row: Row) -> dict[str, str]:
    return {
        "number": whole(int(row["reviews"])),
        "day": written_day(row["week"]),
        "before": whole(sum(int(number) for number in row["weeks_before"])),
    }


def recommended(figure: Lookup, sites: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for each site that asks for yes or no in place of stars."""
    said = []
    for site in sites:
        row = figure(site, "recommendations")
        if row is not None and row["state"] != "not_measured" and row["sample_size"]:
            told = {"site": clean(site_name(site), 40), "share": share_cell(row)}
            said.append(_("{site} asks for yes or no: {share} recommend you. This is never mixed with stars.", **told))
    return tuple(said)


def vanity_columns(rows: Sequence[Row], number: int = 3) -> tuple[tuple[VanityGroup, ...], ...]:
    """Return the numbers that no score is made with, by site and way of counting, in columns of about one height.

    A number that a platform did not give is left out.
    """
    held: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in _given(rows)[:MOST_VANITY]:
        value = NONE if row["value"] is None else whole(int(row["value"]))
        how = _capital(clean(reason_words(str(row["break_note"] or row["counted"] or "")), 60))
        held.setdefault((str(row["site"]), how), []).append((_plain_metric(str(row["metric"])), value))
    groups = [VanityGroup(clean(site_name(site), 40), how, tuple(numbers)) for (site, how), numbers in held.items()]
    # Filled in order, each up to its part of the height, so that a site's numbers stay together.
    columns: list[list[VanityGroup]] = [[] for _ in range(number)]
    above, all_lines = 0, sum(group.height for group in groups)
    for group in groups:
        columns[min(number * (2 * above + group.height) // (2 * all_lines), number - 1)].append(group)
        above += group.height
    return tuple(tuple(column) for column in columns if column)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain_metric(metric: str) -> str:
    """Return a platform's name of a number in small letters with spaces: "clickCount" and "CALL_CLICKS" alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", metric).replace("_", " ").replace(".", " ")
    return clean(spaced.lower(), 40)


def _given(rows: Sequence[Row]) -> list[Row]:
    # Notes alone on what is no longer given would be a page without a number.
    if all(row["value"] is None for row in rows):
        return []
    return [row for row in rows if row["value"] is not None or row["break_note"]]


def more_vanity(rows: Sequence[Row]) -> str:
    """Return how many numbers the appendix leaves out because a page holds no more; the attached files have them."""
    more = len(_given(rows)) - MOST_VANITY
    if more <= 0:
        return ""
    return _("Numbers left out here for want of room: {number}. They are in the attached files.", number=whole(more))


def talk_found(figure: Lookup) -> Talk:
    """Return what the rules on conversation look at."""
    hours, mix = figure("", "talk_reply_hours"), figure("", "helpful_mix_share")
    answered, asked = _of(hours)
    helpful, posts = _of(mix)
    return Talk(asked=asked, answered=answered, helpful=helpful, posts=posts, measured=_was_measured(hours))


def _of(row: Row | None) -> tuple[int, int]:
    """Return how many of how many, none of none where that is not known."""
    return (0, 0) if row is None or row["numerator"] is None else (int(row["numerator"]), int(row["sample_size"]))


def conversation(
    figure: Lookup,
    figures: Sequence[Row],
    parts: Sequence[Row],
    summary: Row | None,
    communities: Sequence[Row],
    verdicts: Sequence[Row],
) -> Conversation:
    """Return the page on conversation from the figures of the practice as a whole (those of site '')."""
    score = figure("", "engagement_score")
    if score is None or score["reason"] == _NOT_CONNECTED:
        return Conversation(
            _("No account, community or feed is connected, so conversation is not part of this report.")
        )
    if not any(row["known"] for row in parts):
        why = _reason(score)
        if not why:
            return Conversation(_("Conversation was not measured: nothing was read in full."))
        return Conversation(_("Conversation was not measured: {reason}.", reason=why))
    left_out = clean(reason_words(str(summary["left_out"])), 160) if summary and summary["left_out"] else ""
    mix, instead_of_mix = _mix({str(row["part"]): row for row in figures if row["metric"] == "post_mix"})
    unknown = [
        _(
            "Not known for {part}: {reason}.",
            part=_part_name(row),
            reason=clean(reason_words(str(row["why"])), 90),
        )
        for row in parts
        if not row["known"]
    ]
    return Conversation(
        instead="",
        answers=(*_answers(figure), *_handled(parts), *_changes_of_talk(verdicts)),
        parts=tuple(_part_row(row) for row in parts),
        parts_note=_("Read {left_out}.", left_out=left_out) if left_out else "",
        not_known=tuple(unknown),
        mix=mix,
        instead_of_mix=instead_of_mix,
        posts=_posts_words(figure, figures),
        communities=tuple(_community_row(row) for row in communities[:MOST_COMMUNITIES]),
        communities_words=_communities_words(figure("", "community_mentions")),
        more_communities=_more_communities(len(communities) - MOST_COMMUNITIES),
    )


def _more_communities(number: int) -> str:
    return ngettext("And {number}\u00a0more thread.", "And {number}\u00a0more threads.", number) if number > 0 else ""


def _answers(figure: Lookup) -> tuple[str, ...]:
    in_time, hours = figure("", "answered_share"), figure("", "talk_reply_hours")
    if in_time is None or in_time["numerator"] is None:
        why = _reason(in_time)
        return (_("Answers were not measured: {reason}.", reason=why) if why else _("Answers were not measured."),)
    if not in_time["sample_size"]:
        return (_("Nobody asked or complained in public."),)
    said = [
        _("{share} questions and complaints got an answer within two business days.", share=share_cell(in_time)),
    ]
    if hours and hours["numerator"] is not None:
        waiting = int(hours["sample_size"]) - int(hours["numerator"])
        if waiting:
            said.append(ngettext("{number}\u00a0question still waits.", "{number}\u00a0questions still wait.", waiting))
        if _is_number(hours):
            said.append(_("The typical time to an answer was {time}.", time=hours_words(float(hours["value"]))))
        elif hours["reason"] == "more than half not answered yet":
            said.append(_("More than half have no answer yet, so there is no typical time."))
    return tuple(said)


def _handled(parts: Sequence[Row]) -> tuple[str, ...]:
    number = sum(int(row["handled"]) for row in parts)
    return (
        (
            ngettext(
                "{number}\u00a0more was handled privately, as you say, and is left out.",
                "{number}\u00a0more were handled privately, as you say, and are left out.",
                number,
            ),
        )
        if number
        else ()
    )


def _changes_of_talk(verdicts: Sequence[Row]) -> tuple[str, ...]:
    """Return a sentence for each share that clearly rose or fell, against the month before or the 90 days before."""
    said = []
    for row in verdicts:
        if row["verdict"] in {"rose", "fell"}:
            what, compared = SHARES[row["metric"]], COMPARED[row["verdict"], int(row["months"])]
            before, now = _shares(row)
            said.append(_(compared, what=_(what), before=before, now=now))
    return tuple(said)


def _shares(row: Row) -> tuple[str, str]:
    """Return what was found of how many before and now."""
    before, now = (
        (round(float(row[f"{when}_value"]) * int(row[f"{when}_size"])), int(row[f"{when}_size"]))
        for when in ("previous", "this")
    )
    return share(*before), share(*now)


def _part_name(row: Row) -> str:
    name = PARTS[row["part"]][0]
    return _(name)


def _part_row(row: Row) -> PartRow:
    name, some, none = PARTS[row["part"]]
    if not row["known"]:
        found = _("not known")
    elif row["n"]:
        found = _(some, share=share(int(row["s"] or 0), int(row["n"])))
    else:
        found = _(none)
    points = NONE if row["points"] is None else decimal(row["points"], "1")
    return PartRow(_(name), found, points, whole(int(row["of"])))


def _mix(types: dict[str, Row]) -> tuple[Mix | None, str]:
    # With a place left out a count is a lower bound, and a type nobody was seen to post has no count at all.
    numbers = {part: int(row["value"]) for part, row in types.items() if row["value"] is not None}
    why = next((_reason(row) for row in types.values() if row["reason"]), "")
    if not numbers:
        return None, _("Posts were not counted: {reason}.", reason=why) if why else _("Posts were not counted.")
    if not sum(numbers.values()):
        return None, _("No post of yours in 90 days.")
    helps, sells = sum(numbers.get(part, 0) for part in _HELPS), numbers.get("promotion", 0)
    counts = tuple((_(words), whole(numbers[part])) for part, words in POST_TYPES.items() if part in numbers)
    other = sum(numbers.values()) - helps - sells
    alt = _(
        "Your posts of 90 days: {helps} help or join in, {sells} advertise, {other} other.",
        helps=whole(helps),
        sells=whole(sells),
        other=whole(other),
    )
    return Mix(helps, sells, other, counts, sentence(why) if why else "", alt), ""


def _posts_words(figure: Lookup, figures: Sequence[Row]) -> str:
    """Return talk against broadcast: how much of the practice's own was answers to people, and what a post drew."""
    dialogue = figure("", "dialogue_share")
    drew = _drew_words(figure, figures)
    if dialogue is None or dialogue["numerator"] is None or not dialogue["sample_size"]:
        return drew
    said = _("{share} posts and replies of yours answered people.", share=share_cell(dialogue))
    return f"{said} {drew}".rstrip()


def _drew_words(figure: Lookup, figures: Sequence[Row]) -> str:
    """Return what a post drew over all sites, then site by site where there are several."""
    comments, passed = (figure("", name) for name in ("conversation_per_post", "amplification_per_post"))
    if comments is None or not _is_number(comments):
        few = comments is not None and comments["state"] == "too_few"
        return _("Too few posts to say what a post draws.") if few else ""
    drew = decimal(comments["value"])
    if passed is not None and _is_number(passed):
        times = decimal(passed["value"])
        said = _("A post drew {comments} comments with substance, passed on {times} times.", comments=drew, times=times)
    else:
        said = _("A post drew {comments} comments with substance.", comments=drew)
    sites = sorted({str(row["part"]) for row in figures if row["metric"] == "conversation_per_post" and row["part"]})
    single = [words for site in sites if (words := _posts_of(figure, site))]
    # One site alone is all sites together.
    if len(single) < 2:
        return said
    each = _("Site by site: {sites}.", sites="; ".join(single))
    return f"{said} {each}"


def _posts_of(figure: Lookup, site: str) -> str:
    """Return what a post drew on one site; how often it was passed on, only where the platform tells."""
    comments, passed = (figure("", name, part=site) for name in ("conversation_per_post", "amplification_per_post"))
    if comments is None or not _is_number(comments):
        return ""
    name, drew = clean(site_name(site), 40), decimal(comments["value"])
    if passed is None or not _is_number(passed):
        return f"{name} {drew}"
    return _("{site} {comments}, passed on {times} times", site=name, comments=drew, times=decimal(passed["value"]))


def _communities_words(row: Row | None) -> str:
    if row is None or row["value"] is None:
        why = _reason(row)
        return _("Not measured: {reason}.", reason=why) if why else _("Not measured.")
    if not row["value"]:
        return _("Nobody named you in the communities that are read.")
    return ngettext(
        "You were named {number}\u00a0time in 90 days.",
        "You were named {number}\u00a0times in 90 days.",
        int(row["value"]),
    )


def _community_row(row: Row) -> CommunityRow:
    said = [_("{number} for", number=whole(row["recommend"]))] if row["recommend"] else []
    said += [_("{number} against", number=whole(row["discourage"]))] if row["discourage"] else []
    named: Any = row["mentions"]
    return CommunityRow(
        place=clean(str(row["place"]), 40),
        said=", ".join(said) or ngettext("named {number}\u00a0time", "named {number}\u00a0times", int(named)),
        first_post=written_day(row["first_post_on"]),
        last_activity=written_day(row["last_activity_on"]),
        replies=whole(int(row["replies"])),
        url=https_only(row["url"]),
    )


def since_last_report(changes: Sequence[Row], figures: Sequence[Row], month_before: str) -> tuple[SiteChanges, ...]:
    """Return a line for each site of which something changed, or of which that cannot be known any more."""
    found = []
    for site in sorted({str(row["site"]) for row in [*changes, *figures]}, key=site_name):
        own = [row for row in changes if row["site"] == site]
        told = {change: [row for row in own if row["change"] == change and row["number"]] for change in CHANGES}
        said = [_changed(change, rows) for change, rows in told.items() if rows]
        read_now = [_reads_now(row) for row in figures if row["site"] == site and row["metric"] != "low_share"]
        reasons = sorted({str(row["reason"]) for row in own} & set(_NOT_KNOWN))
        sentences = [f"{listed(said)}."] if said else []
        sentences += [_("{month} now has {figures}.", month=month_before, figures=listed(read_now))] if read_now else []
        sentences = sentences or [_("Not known: {reason}.", reason=reason_words(reason)) for reason in reasons]
        if not sentences:
            continue
        since = [row["since"] for row in [*own, *(row for row in figures if row["site"] == site)] if row["since"]]
        urls = [https_only(url) for change in _LINKED for row in told[change] for url in row["urls"]]
        found.append(
            SiteChanges(
                site=clean(site_name(site), 40),
                since=written_day(min(since)) if since else "",
                words=" ".join(sentences),
                links=tuple(url for url in urls if url)[:MOST_CHANGED_LINKS],
            )
        )
    return tuple(found)


def _changed(change: str, rows: Sequence[Row]) -> str:
    number = sum(int(row["number"]) for row in rows)
    if change != "other stars" or number > 1:
        return ngettext(*CHANGES[change], number)
    was, now = (_stars(rows[0][name][0]) for name in ("stars_were", "stars_are"))
    return _("{number}\u00a0review has other stars, {now} instead of {was}", number=whole(1), now=now, was=was)


def _stars(told: str | None) -> str:
    """Return what stood there of stars: a number, yes or no in place of them, or nothing."""
    if not told:
        return _("none")
    return _(RECOMMENDED[told]) if told in RECOMMENDED else told


def _reads_now(row: Row) -> str:
    """Return a figure of the month before as it reads now and as it was told."""
    now, was = (_figure_words(row, when) for when in ("now", "was"))
    return _("{now} (told: {was})", now=now, was=was)


def _figure_words(row: Row, when: str) -> str:
    state, size, value = row[f"state_{when}"], int(row[f"size_{when}"]), row[when]
    if state == "not_measured":
        if row["metric"] == "reviews_received":
            return _("a number of reviews that was not measured")
        return _("not measured")
    if row["metric"] == "reviews_received":
        return reviews(size)
    return _("too few stars for a mean") if state == "too_few" else _("a mean of {mean} stars", mean=decimal(value))
