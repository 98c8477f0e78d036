"""The scores, topics, alerts, unusual weeks and conversation of a report, as words and positions.

Nothing here is computed from reviews again: rows of the warehouse come in, each with the state that says whether it is
a number, and sentences go out. A score that was not given is a sentence with its reason, never a bar at zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.advice import Alerts, Talk, count, listed, site_name, written_day
from pipelines.pdf import clean, https_only
from pipelines.wording import NONE, Row, dated, decimal, hours_words, share, share_cell

MOST_COMMUNITIES = 4
MOST_CHANGED_SITES = 2
MOST_CHANGED_LINKS = 2
MOST_TOPICS = 6
MOST_VANITY = 90
_NOT_CONNECTED = "no account, community or feed is connected"
_SEVERITIES = ("critical", "high", "caution")
_ALERTS = {"ALERT_safety": "harm", "ALERT_discrimination": "unfair treatment", "ALERT_privacy": "a privacy breach"}
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
# Part of the Engagement Quality Score: how the report calls it, and what its two numbers are.
_PARTS = {
    "E1": ("Answered in time", "questions and complaints"),
    "E2": ("Went deeper", "threads with three turns or more"),
    "E3": ("Came back", "people of the 90 days before"),
    "E4": ("Spoke for you", "people who spoke up, passed on or recommended"),
    "E5": ("Posts that help", "posts with help, thanks or local news"),
    "E6": ("Reached out", "acts in other people\u2019s places"),
}
_SHARES = {
    "answered_share": "Questions and complaints answered in time",
    "depth_share": "Threads that went deeper",
    "came_back_share": "People who came back",
    "word_of_mouth_share": "People who spoke for you",
    "helpful_mix_share": "Posts that help",
    "reaching_out_share": "Acts in other people\u2019s places",
}
_COMPARED = {1: "from {} the month before to {}", 3: "from {} in the 90 days before to {} in the last 90"}
_POST_TYPES = {
    "health_information": "health information",
    "community": "community",
    "recognition": "thanks to others",
    "answer": "answers",
    "promotion": "advertising",
    "other": "other",
    "not coded": "not told apart",
}
# Kind of change since the last report: of one review, and of several.
_CHANGES = {
    "came late": ("review of an earlier month came late", "reviews of earlier months came late"),
    "vanished": ("review is no longer visible", "reviews are no longer visible"),
    "came back": ("review is visible again", "reviews are visible again"),
    "other stars": ("review has other stars", "reviews have other stars"),
    "other words": ("review reads differently", "reviews read differently"),
    "answer came": ("earlier review has an answer now", "earlier reviews have an answer now"),
    "answer gone": ("answer of yours is gone", "answers of yours are gone"),
    "answer rewritten": ("answer of yours reads differently", "answers of yours read differently"),
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
    range_words: str
    firmness: str
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
    """One site's alerts and replies to look at: numbers only."""

    site: str
    harm: str
    unfair: str
    privacy: str
    replies: str


@dataclass(frozen=True)
class Mix:
    """The practice's posts by what they do, in three fills that grey print keeps apart."""

    helps: int
    sells: int
    other: int
    words: str
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
    return dated(clean(str(row["reason"] or ""), 120)) if row else ""


def _is_number(row: Row | None) -> bool:
    return row is not None and row["state"] in {"value", "zero"} and row["value"] is not None


def _score(title: str, of: str, row: Row, firmness: str, made_of: str) -> Score:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    number, ends = decimal(value, "1"), f"{decimal(low, '1')} to {decimal(high, '1')}"
    return Score(
        title=title,
        of=of,
        number=number,
        value=value,
        low=low,
        high=high,
        range_words=ends,
        firmness=firmness,
        instead="",
        alt=f"{title}{f' of {of}' if of else ''}: {number} of 100, likely {ends}, {firmness}.",
        made_of=made_of,
    )


def _no_score(title: str, of: str, why: str) -> Score:
    return Score(title, of, "", 0.0, 0.0, 0.0, "", "", f"{why[:1].upper()}{why[1:]}.", "", "")


def reputation(figure: Lookup, sites: Sequence[str], parts: Sequence[Row]) -> Score:
    """Return the practice's Reputation Score, or that of the site with most reviews that has one."""
    title = "Reputation"
    for site, metric in (("", "reputation_score_combined"), *((site, "reputation_score") for site in sites)):
        row = figure(site, metric)
        own = [part for part in parts if part["site"] == site]
        if row is not None and _is_number(row) and own:
            points = {part["part"]: (float(part["points"]), float(part["out_of"])) for part in own}
            names = {"stars": "stars", "not unhappy": "few unhappy people", "answers": "safe answers"}
            said = [
                f"{decimal(points[part][0], '1')} of {decimal(points[part][1], '1')} for {name}"
                for part, name in names.items()
                if part in points
            ]
            of = clean(site_name(site), 40) if site else "all sites that may be joined"
            return _score(title, of, row, str(own[0]["words"]), listed(said))
    rows = [(site, row) for site in sites if (row := figure(site, "reputation_score"))]
    few = next(((site, row) for site, row in rows if row["state"] == "too_few"), None)
    if few:
        return _no_score(title, "", f"not enough to score: {clean(site_name(few[0]), 40)} has {_reason(few[1])}")
    if rows:
        site, row = rows[0]
        return _no_score(title, "", f"not measured: {clean(site_name(site), 40)}, {_reason(row)}")
    return _no_score(title, "", "not measured: no site with reviews was read")


def engagement(row: Row | None, summary: Row | None) -> Score:
    """Return the Engagement Quality Score, or why there is none."""
    title = "Engagement quality"
    if row is None or row["reason"] == _NOT_CONNECTED:
        return _no_score(title, "", "no account is connected")
    if _is_number(row) and summary:
        rests_on = f"{count(summary['people'], 'person', 'people')} and {count(summary['acts'], 'act')} of yours"
        return _score(title, "", row, str(summary["firmness"]), f"{rests_on} in 90 days")
    if row["state"] == "too_few" and summary:
        people, acts = count(summary["people"], "person", "people"), count(summary["acts"], "act")
        return _no_score(title, "", f"not enough to score: {people} and {acts} of yours in 90 days; it takes 8 of each")
    return _no_score(title, "", f"not measured: {_reason(row)}")


def alerts_found(figure: Lookup, sites: Sequence[str]) -> Alerts:
    """Add up what needs a person's eyes, over the sites whose words could be judged."""
    raised = {part: [figure(site, "alerts", part=part) for site in sites] for part in _ALERTS}
    held = {part: [figure(site, "replies_to_look_at", part=part) for site in sites] for part in _SEVERITIES}
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


def look_rows(figure: Lookup, sites: Sequence[str]) -> tuple[LookRow, ...]:
    """Return a row for each site that has an alert or a reply to look at."""
    rows = []
    for site in sites:
        raised = [figure(site, "alerts", part=part) for part in _ALERTS]
        held = {part: figure(site, "replies_to_look_at", part=part) for part in _SEVERITIES}
        if not _sum(raised) + _sum(list(held.values())):
            continue
        replies = [f"{int(row['value'])} {part}" for part, row in held.items() if row and row["value"]]
        harm, unfair, privacy = (_number(row) for row in raised)
        unchecked = not any(_was_measured(row) for row in held.values())
        said = ", ".join(replies) or ("not checked" if unchecked else "0")
        rows.append(LookRow(clean(site_name(site), 40), harm, unfair, privacy, said))
    return tuple(rows)


def _number(row: Row | None) -> str:
    return "not checked" if row is None or row["value"] is None else f"{int(row['value']):,}"


def alert_words(found: Alerts) -> str:
    """Return the one line of page 1: how many, never what."""
    if not found.checked and not found.replies_checked and not found.number:
        return "Neither reviews nor replies could be checked."
    unchecked = "" if found.checked else " Reviews were not checked."
    unchecked += "" if found.replies_checked else " Replies were not checked."
    if not found.number:
        return f"Nothing was found that needs a look.{unchecked}"
    said = [count(found.raised, "alert")] if found.raised else []
    said += [count(found.replies, "reply", "replies")] if found.replies else []
    return f"{listed(said)} to look at.{unchecked}"


def topic_rows(figures: Sequence[Row], verdicts: Sequence[Row], words: dict[str, str]) -> tuple[TopicRow, ...]:
    """Return the topics somebody spoke of, most spoken of first. One to four remarks have no number."""
    parts: dict[tuple[str, str], dict[str, Row]] = {}
    for row in figures:
        topic, _, polarity = str(row["part"]).partition("/")
        parts.setdefault((row["site"], topic), {})[polarity] = row
    changes = {(row["site"], row["part"]): row["verdict"] for row in verdicts if row["metric"] == "topic_mentions"}
    found = []
    for (site, topic), both in parts.items():
        if not any(row["numerator"] or row["reason"] == "single remarks" for row in both.values()):
            continue
        told = [(polarity, changes.get((site, f"{topic}/{polarity}"))) for polarity in ("positive", "negative")]
        said = {"positive": "praise", "negative": "criticism"}
        moved = [f"{said[polarity]} {words[verdict]}" for polarity, verdict in told if verdict in {"rose", "fell"}]
        weight = sum(int(row["numerator"] or 0) for row in both.values())
        name = TOPIC_NAMES.get(topic, clean(topic.replace("_", " ").capitalize(), 40))
        topic_row = TopicRow(
            topic=name,
            site=clean(site_name(site), 40),
            praised=_mentions(both.get("positive")),
            criticised=_mentions(both.get("negative")),
            change=" and ".join(moved) or "no clear change",
        )
        found.append((-weight, name, site, topic_row))
    return tuple(one[3] for one in sorted(found, key=lambda one: one[:3])[:MOST_TOPICS])


def _mentions(row: Row | None) -> str:
    if row is None or row["state"] == "not_measured":
        return "not measured"
    if row["numerator"] is None:
        return "single remarks"
    return share_cell(row) if row["numerator"] else "none"


def burst_notes(bursts: Sequence[Row], mean_without: Callable[[str], Row | None]) -> tuple[str, ...]:
    """Return a note for each week of unusually many reviews. What it was is not said, because it is not known."""
    notes = []
    for row in bursts:
        before = sum(int(number) for number in row["weeks_before"])
        note = (
            f"{clean(site_name(row['site']), 40)}: an {row['verdict']} of reviews, {int(row['reviews']):,} in the week "
            f"of {written_day(row['week'])}, after {before:,} in the 12 weeks before it."
        )
        if row["verdict"] == "unusual cluster":
            low = row["leaning"] == "low"
            part = share(int(row["low_rated" if low else "best_rated"]), int(row["rated"]))
            note += f" {part} gave {'one or two stars' if low else 'five stars'}."
            mean = mean_without(row["site"])
            if _is_number(mean) and mean:
                note += f" Without the cluster the month\u2019s mean is {decimal(mean['value'])}."
            else:
                note += " Without the cluster too few reviews are left for a mean."
        notes.append(f"{note} It may be an event, a news story, an invitation you sent, or an attack.")
    return tuple(notes)


def recommended(figure: Lookup, sites: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for each site that asks for yes or no in place of stars."""
    said = []
    for site in sites:
        row = figure(site, "recommendations")
        if row is not None and row["state"] != "not_measured" and row["sample_size"]:
            name, of = clean(site_name(site), 40), share_cell(row)
            said.append(f"{name} asks for yes or no: {of} recommend you. This is never mixed with stars.")
    return tuple(said)


def vanity_columns(rows: Sequence[Row], number: int = 3) -> tuple[tuple[VanityGroup, ...], ...]:
    """Return the numbers that no score is made with, by site and way of counting, in columns of about one height.

    A number that a platform did not give is left out.
    """
    held: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in _given(rows)[:MOST_VANITY]:
        value = NONE if row["value"] is None else f"{int(row['value']):,}"
        how = dated(clean(str(row["break_note"] or row["counted"] or "").capitalize(), 60))
        held.setdefault((str(row["site"]), how), []).append((_plain_metric(str(row["metric"])), value))
    groups = [VanityGroup(clean(site_name(site), 40), how, tuple(numbers)) for (site, how), numbers in held.items()]
    # Filled in order, each up to its part of the height, so that a site's numbers stay together.
    columns: list[list[VanityGroup]] = [[] for _ in range(number)]
    above, all_lines = 0, sum(group.height for group in groups)
    for group in groups:
        columns[min(number * (2 * above + group.height) // (2 * all_lines), number - 1)].append(group)
        above += group.height
    return tuple(tuple(column) for column in columns if column)


def _plain_metric(metric: str) -> str:
    """Return a platform's name of a number in small letters with spaces: "clickCount" and "CALL_CLICKS" alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", metric).replace("_", " ").replace(".", " ")
    return clean(spaced.lower(), 40)


def _given(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["value"] is not None or row["break_note"]]


def more_vanity(rows: Sequence[Row]) -> str:
    """Return how many numbers the appendix leaves out because a page holds no more; the attached files have them."""
    more = len(_given(rows)) - MOST_VANITY
    return f"Numbers left out here for want of room: {more:,}. They are in the attached files." if more > 0 else ""


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
        return Conversation("No account, community or feed is connected, so conversation is not part of this report.")
    if not any(row["known"] for row in parts):
        return Conversation(f"Conversation was not measured: {_reason(score) or 'nothing was read in full'}.")
    left_out = dated(clean(str(summary["left_out"]), 160)) if summary and summary["left_out"] else ""
    mix, instead_of_mix = _mix({str(row["part"]): row for row in figures if row["metric"] == "post_mix"})
    unknown = [f"{_PARTS[row['part']][0]}: {dated(clean(str(row['why']), 90))}." for row in parts if not row["known"]]
    return Conversation(
        instead="",
        answers=(*_answers(figure), *_changes_of_talk(verdicts)),
        parts=tuple(_part_row(row) for row in parts),
        parts_note=f"Read {left_out}." if left_out else "",
        not_known=tuple(unknown),
        mix=mix,
        instead_of_mix=instead_of_mix,
        posts=_posts_words(figure, figures),
        communities=tuple(_community_row(row) for row in communities[:MOST_COMMUNITIES]),
        communities_words=_communities_words(figure("", "community_mentions")),
        more_communities=_more_communities(len(communities) - MOST_COMMUNITIES),
    )


def _more_communities(number: int) -> str:
    return f"And {count(number, 'more thread')}." if number > 0 else ""


def _answers(figure: Lookup) -> tuple[str, ...]:
    in_time, hours = figure("", "answered_share"), figure("", "talk_reply_hours")
    if in_time is None or in_time["numerator"] is None:
        why = _reason(in_time)
        return (f"Answers were not measured{f': {why}' if why else ''}.",)
    if not in_time["sample_size"]:
        return ("Nobody asked or complained in public.",)
    said = [f"{share_cell(in_time)} questions and complaints got an answer within two business days."]
    if hours and hours["numerator"] is not None:
        waiting = int(hours["sample_size"]) - int(hours["numerator"])
        if waiting:
            said.append(f"{count(waiting, 'question')} still {'waits' if waiting == 1 else 'wait'}.")
        if _is_number(hours):
            said.append(f"The typical time to an answer was {hours_words(float(hours['value']))}.")
        elif hours["reason"] == "more than half not answered yet":
            said.append("More than half have no answer yet, so there is no typical time.")
    return tuple(said)


def _changes_of_talk(verdicts: Sequence[Row]) -> tuple[str, ...]:
    """Return a sentence for each share that clearly rose or fell, against the month before or the 90 days before."""
    return tuple(
        f"{_SHARES[row['metric']]} {row['verdict']} {_COMPARED[int(row['months'])].format(*_shares(row))}."
        for row in verdicts
        if row["verdict"] in {"rose", "fell"}
    )


def _shares(row: Row) -> tuple[str, str]:
    """Return what was found of how many before and now."""
    before, now = (
        (round(float(row[f"{when}_value"]) * int(row[f"{when}_size"])), int(row[f"{when}_size"]))
        for when in ("previous", "this")
    )
    return share(*before), share(*now)


def _part_row(row: Row) -> PartRow:
    name, what = _PARTS[row["part"]]
    found = f"{share(int(row['s'] or 0), int(row['n']))} {what}" if row["known"] and row["n"] else "not known"
    if row["known"] and not row["n"]:
        found = f"no {what}"
    points = NONE if row["points"] is None else decimal(row["points"], "1")
    return PartRow(name, found, points, str(int(row["of"])))


def _mix(types: dict[str, Row]) -> tuple[Mix | None, str]:
    # With a place left out a count is a lower bound, and a type nobody was seen to post has no count at all.
    numbers = {part: int(row["value"]) for part, row in types.items() if row["value"] is not None}
    why = next((_reason(row) for row in types.values() if row["reason"]), "")
    if not numbers:
        return None, f"Posts were not counted{f': {why}' if why else ''}."
    if not sum(numbers.values()):
        return None, "No post of yours in 90 days."
    helps, sells = sum(numbers.get(part, 0) for part in _HELPS), numbers.get("promotion", 0)
    words = listed(f"{numbers[part]:,} {name}" for part, name in _POST_TYPES.items() if numbers.get(part))
    other = sum(numbers.values()) - helps - sells
    alt = f"Your posts of 90 days: {helps} help or join in, {sells} advertise, {other} other."
    return Mix(helps, sells, other, f"{words}{f'; {why}' if why else ''}.", alt), ""


def _posts_words(figure: Lookup, figures: Sequence[Row]) -> str:
    """Return talk against broadcast: what a post drew over all sites, then site by site where there are several."""
    comments, passed = (figure("", name) for name in ("conversation_per_post", "amplification_per_post"))
    if not _is_number(comments):
        few = comments is not None and comments["state"] == "too_few"
        return "Too few posts to say what a post draws." if few else ""
    said = f"A post drew {_per_post(comments)} comments with substance{_passed_on(passed)}."
    sites = sorted({str(row["part"]) for row in figures if row["metric"] == "conversation_per_post" and row["part"]})
    single = []
    for site in sites:
        comments, passed = (figure("", name, part=site) for name in ("conversation_per_post", "amplification_per_post"))
        if _is_number(comments):
            single.append(f"{clean(site_name(site), 40)} {_per_post(comments)}{_passed_on(passed)}")
    # One site alone is all sites together.
    return f"{said} Site by site: {'; '.join(single)}." if len(single) > 1 else said


def _per_post(row: Row | None) -> str:
    return decimal(row["value"]) if row is not None and _is_number(row) else NONE


def _passed_on(row: Row | None) -> str:
    """Return how often a post was passed on, or nothing where the platform does not tell."""
    return f", passed on {decimal(row['value'])} times" if row is not None and _is_number(row) else ""


def _communities_words(row: Row | None) -> str:
    if row is None or row["value"] is None:
        why = _reason(row)
        return f"Not measured{f': {why}' if why else ''}."
    if not row["value"]:
        return "Nobody named you in the communities that are read."
    return f"You were named {count(int(row['value']), 'time')} in 90 days."


def _community_row(row: Row) -> CommunityRow:
    said = [f"{row['recommend']} for"] if row["recommend"] else []
    said += [f"{row['discourage']} against"] if row["discourage"] else []
    named: Any = row["mentions"]
    return CommunityRow(
        place=clean(str(row["place"]), 40),
        said=", ".join(said) or f"named {count(int(named), 'time')}",
        first_post=written_day(row["first_post_on"]),
        last_activity=written_day(row["last_activity_on"]),
        replies=f"{int(row['replies']):,}",
        url=https_only(row["url"]),
    )


def since_last_report(changes: Sequence[Row], figures: Sequence[Row], month_before: str) -> tuple[SiteChanges, ...]:
    """Return a line for each site of which something changed, or of which that cannot be known any more."""
    found = []
    for site in sorted({str(row["site"]) for row in [*changes, *figures]}, key=site_name):
        own = [row for row in changes if row["site"] == site]
        told = {change: [row for row in own if row["change"] == change and row["number"]] for change in _CHANGES}
        said = [_changed(change, rows) for change, rows in told.items() if rows]
        read_now = [_reads_now(row) for row in figures if row["site"] == site and row["metric"] != "low_share"]
        reasons = sorted({str(row["reason"]) for row in own} & set(_NOT_KNOWN))
        sentences = [f"{listed(said)}."] if said else []
        sentences += [f"{month_before} now has {listed(read_now)}."] if read_now else []
        sentences = sentences or [f"Not known: {reason}." for reason in reasons]
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
    said = count(number, *_CHANGES[change])
    if change != "other stars" or number > 1:
        return said
    was, now = (str(rows[0][name][0]).replace("_", " ") or "none" for name in ("stars_were", "stars_are"))
    return f"{said}, {now} instead of {was}"


def _reads_now(row: Row) -> str:
    """Return a figure of the month before as it reads now and as it was told."""
    now, was = (_figure_words(row, when) for when in ("now", "was"))
    return f"{now} (told: {was})"


def _figure_words(row: Row, when: str) -> str:
    state, size, value = row[f"state_{when}"], int(row[f"size_{when}"]), row[when]
    if state == "not_measured":
        return "a number of reviews that was not measured" if row["metric"] == "reviews_received" else "not measured"
    if row["metric"] == "reviews_received":
        return count(size, "review")
    return "too few stars for a mean" if state == "too_few" else f"a mean of {decimal(value)} stars"
