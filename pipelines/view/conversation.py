"""Page 3: conversation against broadcasting, from the figures of the practice as a whole (those of site '')."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.advice import LIBRARY, Card, Findings, Talk, choose, site_name
from pipelines.locales import _, ngettext, whole
from pipelines.pdf import clean, https_only
from pipelines.reasons import reason_words
from pipelines.view.held import NOT_CONNECTED, Lookup, is_number, reason_of, was_measured
from pipelines.wording import NONE, Row, decimal, hours_words, sentence, share, share_cell, written_day

MOST_COMMUNITIES = 4

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

# Who named the practice first where somebody asked for a recommendation, and how the report says so.
NAMED_BY = {
    "others": "others in {number}",
    "team": "your team in {number}",
    "practice": "yourselves in {number}",
    "asker": "the asker alone in {number}",
}

_HELPS = ("health_information", "community", "recognition", "answer")


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


def talk_card(found: Findings, cards: Sequence[Card]) -> Card | None:
    """Return the action on conversation, if there is one that page 1 does not show already."""
    own = next((card for card in choose(found, most=len(LIBRARY)) if card.anchor == "conversation"), None)
    return None if own in cards else own


def talk_found(figure: Lookup) -> Talk:
    """Return what the rules on conversation look at."""
    hours, mix = figure("", "talk_reply_hours"), figure("", "helpful_mix_share")
    answered, asked = _of(hours)
    helpful, posts = _of(mix)
    return Talk(asked=asked, answered=answered, helpful=helpful, posts=posts, measured=was_measured(hours))


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
    if score is None or score["reason"] == NOT_CONNECTED:
        return Conversation(
            _("No account, community or feed is connected, so conversation is not part of this report.")
        )
    if not any(row["known"] for row in parts):
        why = reason_of(score)
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
    requests = _requests_words(figure)
    # What is told of requests takes the room of two threads.
    most = MOST_COMMUNITIES - 2 if requests else MOST_COMMUNITIES
    return Conversation(
        instead="",
        answers=(*_answers(figure), *_handled(parts), *_changes_of_talk(verdicts)),
        parts=tuple(_part_row(row) for row in parts),
        parts_note=_("Read {left_out}.", left_out=left_out) if left_out else "",
        not_known=tuple(unknown),
        mix=mix,
        instead_of_mix=instead_of_mix,
        posts=_posts_words(figure, figures),
        communities=tuple(_community_row(row) for row in communities[:most]),
        communities_words=f"{_communities_words(figure('', 'community_mentions'))} {requests}".rstrip(),
        more_communities=_more_communities(len(communities) - most),
    )


def _more_communities(number: int) -> str:
    if number <= 0:
        return ""
    return ngettext(
        "And {number}\u00a0more thread of the last twelve months.",
        "And {number}\u00a0more threads of the last twelve months.",
        number,
    )


def _answers(figure: Lookup) -> tuple[str, ...]:
    in_time, hours = figure("", "answered_share"), figure("", "talk_reply_hours")
    if in_time is None or in_time["numerator"] is None:
        why = reason_of(in_time)
        return (_("Answers were not measured: {reason}.", reason=why) if why else _("Answers were not measured."),)
    if not in_time["sample_size"]:
        return (_("Nobody asked or complained in public."),)
    said = [
        _("{share} questions and complaints got an answer within two business days.", share=share_cell(in_time)),
    ]
    if hours and hours["numerator"] is not None:
        asked = int(hours["sample_size"])
        if waiting := asked - int(hours["numerator"]):
            said.append(
                ngettext(
                    "{number} of {all} still waits for an answer.",
                    "{number} of {all} still wait for an answer.",
                    waiting,
                    all=whole(asked),
                )
            )
        if is_number(hours):
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
    why = next((reason_of(row) for row in types.values() if row["reason"]), "")
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
    if comments is None or not is_number(comments):
        few = comments is not None and comments["state"] == "too_few"
        return _("Too few posts to say what a post draws.") if few else ""
    drew = decimal(comments["value"])
    posts = ngettext("{number}\u00a0post", "{number}\u00a0posts", int(comments["sample_size"]))
    if passed is not None and is_number(passed):
        times = decimal(passed["value"])
        said = _(
            "Your {posts} drew {comments} comments with substance each and were passed on {times} times.",
            posts=posts,
            comments=drew,
            times=times,
        )
    else:
        said = _("Your {posts} drew {comments} comments with substance each.", posts=posts, comments=drew)
    sites = sorted({str(row["part"]) for row in figures if row["metric"] == "conversation_per_post" and row["part"]})
    single = [words for site in sites if (words := _posts_of(figure, site))]
    # One site alone is all sites together.
    if len(single) < 2:
        return said
    each = _("By site (posts): {sites}.", sites="; ".join(single))
    return f"{said} {each}"


def _posts_of(figure: Lookup, site: str) -> str:
    """Return what a post drew on one site; how often it was passed on, only where the platform tells."""
    comments, passed = (figure("", name, part=site) for name in ("conversation_per_post", "amplification_per_post"))
    if comments is None or not is_number(comments):
        return ""
    name = clean(site_name(site), 40)
    drew = f"{decimal(comments['value'])} ({whole(int(comments['sample_size']))})"
    if passed is None or not is_number(passed):
        return f"{name} {drew}"
    return _("{site} {comments}, passed on {times}", site=name, comments=drew, times=decimal(passed["value"]))


def _communities_words(row: Row | None) -> str:
    if row is None or row["value"] is None:
        why = reason_of(row)
        return _("Not measured: {reason}.", reason=why) if why else _("Not measured.")
    if not row["value"]:
        return _("Nobody named you in the communities that are read.")
    return ngettext(
        "You were named {number}\u00a0time in 90 days.",
        "You were named {number}\u00a0times in 90 days.",
        int(row["value"]),
    )


def _requests_words(figure: Lookup) -> str:
    """Return who named the practice where somebody asked for a recommendation, if anybody is known to have."""
    rows = {part: figure("", "recommendation_requests", part=part) for part in (*NAMED_BY, "answered")}
    numbers = {part: int(row["value"]) for part, row in rows.items() if row is not None and row["value"]}
    threads = sum(number for part, number in numbers.items() if part in NAMED_BY)
    if not threads:
        return ""
    asked = ngettext(
        "{number}\u00a0thread asks whom to go to.",
        "{number}\u00a0threads ask whom to go to.",
        threads,
    )
    named = ", ".join(_(words, number=whole(numbers[part])) for part, words in NAMED_BY.items() if part in numbers)
    by_whom = _("Named you first: {named}.", named=named)
    if "answered" not in numbers:
        return f"{asked} {by_whom} " + _("Neither you nor your team answered there.")
    return f"{asked} {by_whom} " + _("You or your team answered in {number}.", number=whole(numbers["answered"]))


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
