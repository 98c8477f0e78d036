"""Offers to go on out of public: what invites, and what only holds the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.offline import offers_of
from pipelines.text.sentences import plain, sentences_of


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("We are sorry to read this. Please call us.", "offers to go on out of public"),
        ("Please do not hesitate to contact our office manager.", "offers to go on out of public"),
        ("If you call our office, somebody will listen.", "offers to go on out of public"),
        ("We would like to hear more offline.", "offers to go on out of public"),
        ("Our team is here: 555-0100.", "gives a telephone number"),
        ("The front desk is at (415) 555-0100.", "gives a telephone number"),
        ("The surgery is on 020 7946 0100 until six.", "gives a telephone number"),
        ("The clinic answers at +44 20 7946 0100.", "gives a telephone number"),
        ("Somebody reads office@example.com every day.", "gives an e-mail address"),
        ("We are at 100 Main Street, next to the library.", "gives an address"),
    ],
)
def test_an_invitation_a_number_or_an_address_is_an_offer(text: str, reason: str) -> None:
    [offer] = offers_of(sentences_of(text))
    assert offer.reason == reason
    assert sentences_of(text)[offer.sentence - 1][offer.start : offer.end].strip()


@pytest.mark.parametrize(
    "text",
    [
        "Call us crazy, but we love Mondays.",
        "You can call us old-fashioned.",
        "Calling my staff names says enough.",
        "In an emergency, please call 911.",
        "Please contact your insurer.",
        # what was done, and what somebody did not do
        "You did not call us before you came.",
        "You didn't call us before you came.",
        "People who call our office are treated with respect.",
        "When you call our office, a person picks up.",
        "You left without contacting the front desk.",
        "As we said on the phone last week, the schedule was full.",
        "We rang 415-555-0134 twice.",
        "Your cell is 415-555-0134.",
        "We tried 555-0187 three times.",
        "We e-mailed you at somebody@example.com.",
        # numbers that are no telephones
        "We have been here since 1998-2004.",
        "The bill of $555-0100 is paid.",
        "The fee was 1,250.00 in 2019.",
        "Your visit was on 04/12/1981.",
        "Case 12-555-0100 is closed, and part 555-01001 is ordered.",
        "We saw 300 2024 models.",
        # an invitation to come is none to talk
        "New people are always welcome to stop by.",
        "Thank you for speaking up, we will talk it over.",
        "",
    ],
)
def test_the_same_words_for_something_else_are_none(text: str) -> None:
    assert offers_of(sentences_of(text)) == []


def test_each_sentence_is_told_once() -> None:
    offers = offers_of(
        sentences_of("We would love to talk. Please call us at 555-0100, or call our manager. Thank you.")
    )
    assert [offer.sentence for offer in offers] == [1, 2]


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    offers_of(sentences_of(plain(text)))
