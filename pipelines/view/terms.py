"""Which figures a report prints, and what each of its words and figures means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.locales import _
from pipelines.pdf import clean
from pipelines.view.held import Held
from pipelines.wording import Row, decimal

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
    "integrity_signs",
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
    "recommendation_requests",
    "review_invitations",
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
        "integrity_signs",
        "post_mix",
        "reaching_out_share",
        "recommendation_requests",
        "repeated_texts",
        "review_invitations",
        "stars_and_words_disagree",
        "word_of_mouth_share",
    }
)

_COLUMNS, _ABOUT_IN_BLOCK = 3, 10

# Mean stars that two months are apart at least where one is said to have risen or fallen.
_CLEAR_MOVE = 0.3


@dataclass(frozen=True)
class Term:
    """What one figure or word of the report means; figures in the words that stand beside their SQL."""

    title: str
    definition: str


RULES = (
    Term("Likely range", "Where the figure would lie in 95 of 100 such months."),
    Term("Rose, fell", "Chance is unlikely, both months have 5 reviews, and stars moved {stars} or a share 15 points."),
    Term("Set aside", "We could not read it."),
    Term("Left out", "Reviewers\u2019 names and words."),
)


def term_blocks(terms: Sequence[Term]) -> tuple[tuple[tuple[Term, ...], ...], ...]:
    """Split terms into blocks of about one size, each in columns of about one height.

    A page breaks between two blocks, so all of them together leave no half of a page empty.
    """
    blocks = -(-len(terms) // _ABOUT_IN_BLOCK)
    # As many terms as fill all columns, so that none of them is a term shorter than its neighbours.
    size = -(-len(terms) // (blocks * _COLUMNS)) * _COLUMNS
    return tuple(_columns(terms[start : start + size]) for start in range(0, len(terms), size))


def _columns(terms: Sequence[Term]) -> tuple[tuple[Term, ...], ...]:
    """Spread terms over columns: the longest first, each into the shortest so far."""
    columns: list[list[Term]] = [[] for _ in range(_COLUMNS)]
    for term in sorted(terms, key=lambda term: -len(term.title + term.definition)):
        min(columns, key=lambda column: sum(len(t.title + t.definition) for t in column)).append(term)
    return tuple(tuple(sorted(column, key=terms.index)) for column in columns)


def report_terms(held: Held, catalogue: Sequence[Row], *, has_talk: bool) -> list[Term]:
    left_out = {*_SAID_BESIDE, *(() if has_talk else TALK)}
    if not any(held.measured(site, "recommendations") for site in held.sites()):
        left_out.add("recommendations")
    told = [row for row in catalogue if row["metric"] not in left_out]
    terms = [Term(row["title"].strip(), row["definition"].strip()) for row in told]
    moved = decimal(_CLEAR_MOVE)
    return [Term(clean(_(term.title), 60), clean(_(term.definition, stars=moved))) for term in [*terms, *RULES]]
