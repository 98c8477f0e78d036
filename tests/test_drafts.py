"""Draft replies: every combination is general by our own check, none is forbidden, and each topic has its own."""

from __future__ import annotations

import itertools

import pytest

from pipelines import drafts
from pipelines.text.disclosure import judge
from pipelines.view.sites import TOPIC_NAMES
from tests.test_advice import FORBIDDEN

EVERY = [
    " ".join(said)
    for middles in drafts.MIDDLES.values()
    for said in itertools.product(drafts.OPENINGS, middles, drafts.CLOSINGS)
]


def test_every_draft_there_can_be_holds_only_generic_sentences() -> None:
    assert {text: judge(text) for text in EVERY if judge(text).verdict != "generic"} == {}


def test_no_draft_echoes_what_a_review_about_care_would_say() -> None:
    review = "The filling hurt, the crown fell out, the bill was wrong and my son's tooth still aches after surgery."
    assert {text for text in EVERY if judge(text, review=review).verdict != "generic"} == set()


def test_no_draft_is_on_the_forbidden_side() -> None:
    assert [text for text in EVERY if FORBIDDEN.search(text)] == []


# Overall praise or warning names nothing that a sentence could be about.
def test_every_topic_of_the_report_has_a_draft_of_its_own() -> None:
    assert drafts.MIDDLES.keys() == {"", *TOPIC_NAMES} - {"global_recommend"}
    middles = [text for middles in drafts.MIDDLES.values() for text in middles]
    assert len(set(middles)) == len(middles)


@pytest.mark.parametrize(("topics", "middle"), [(["phone_digital", "pain_anxiety"], "pain_anxiety"), (["new"], "")])
def test_a_draft_is_chosen_by_the_first_known_topic(topics: list[str], middle: str) -> None:
    assert any(text in drafts.draft("google/r1", topics) for text in drafts.MIDDLES[middle])


def test_a_review_gets_the_same_draft_each_time_and_neighbours_differ() -> None:
    told = [drafts.draft(f"google/r{number}", []) for number in range(600)]
    assert told == [drafts.draft(f"google/r{number}", []) for number in range(600)]
    assert len(set(told)) == len(drafts.OPENINGS) * len(drafts.MIDDLES[""]) * len(drafts.CLOSINGS)
