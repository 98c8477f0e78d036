"""Who asks others to recommend a doctor, a dentist or a practice, on invented lines full of near misses.

`recommendation_requests.tsv` has four batches, each written before it was run. The rule was corrected by all of
them; what it did on each before is told in docs/text.md.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.judgements import Surroundings, explained, judgements
from pipelines.text.recommendation_requests import request_of
from pipelines.text.sentences import plain, sentences_of

TOWN = Surroundings(place="r/springfield")


def lines(asks: str) -> list[str]:
    with (Path(__file__).parent / "recommendation_requests.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["text"] for row in rows if row["asks"] == asks]


def asks(text: str) -> bool:
    return request_of(sentences_of(plain(text))) is not None


def test_requests_are_found_but_for_one() -> None:
    assert [text for text in lines("yes") if not asks(text)] == [
        "What's the name of that good foot doctor people mention?"
    ]


def test_what_only_looks_like_a_request_is_none() -> None:
    assert len(lines("no")) >= 130
    assert [text for text in lines("no") if asks(text)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # without a doctor, and asking in another sentence
        ("Our dentist retired. It was a nice office! Who do you see?", "Who do you see"),
        ("Who do you see? Our dentist retired.", "Who do you see"),
        ("Our roofer retired. Who do you see?", None),
        # the same question where an animal, a job or a shop is meant
        ("Looking for a doctor, any recommendations? Our cat is ill.", "Looking for a doctor"),
        ("Any good dentists for dogs?", None),
        ("We need a new doctor. Who would you recommend for the dog?", None),
        ("We are hiring. Can anyone recommend a dentist?", None),
        ("Looking for a dentist? Call us today.", None),
        # what somebody else looks for, and what was found
        ("Somebody looking for a dentist asked me.", None),
        ("We were looking for a new dentist.", None),
        ("Looking for a good dentist until I found her.", None),
        ("If I need a dentist in town I walk.", None),
        ("I need a dentist in town.", "I need a dentist"),
        ("", None),
    ],
)
def test_where_somebody_asks(text: str, found: str | None) -> None:
    sentences = sentences_of(plain(text))
    request = request_of(sentences)
    assert (request and sentences[request.sentence - 1][request.start : request.end].strip()) == found


def test_only_what_stands_in_a_community_is_asked_and_answers_either_way() -> None:
    text = "Can anyone recommend a dentist in town?"
    assert judgements("comment", text, "en", TOWN)["acts"] == ["asks_recommendation", "question", "substantive"]
    assert judgements("comment", text, "en")["acts"] == ["question", "substantive"]
    assert judgements("post", text, "en", TOWN)["acts"] == ["asks_recommendation"]
    # The practice's own post is asked other things.
    assert judgements("post", text, "en")["acts"] == ["no_invitation", "question"]
    other = "The bridge is closed until Monday."
    assert judgements("comment", other, "en", TOWN)["acts"] == ["asks_no_recommendation", "substantive"]
    assert judgements("post", other, "en", TOWN)["acts"] == ["asks_no_recommendation"]
    # in a language that nobody has measured there is no answer
    assert judgements("comment", "Busco un buen dentista en el centro", "es", TOWN)["acts"] == ["substantive"]
    assert judgements("post", "Busco un buen dentista en el centro", "es", TOWN)["acts"] == []
    assert judgements("reply", text, "en", TOWN)["acts"] == ["public", "no_invitation"]


def test_an_explanation_shows_the_words_that_ask() -> None:
    text = "Hello all. Can anyone recommend a dentist in town?"
    shown = "   asks_recommendation: asks whom to go to: \u201cCan anyone recommend a dentist\u201d"
    told = explained("post", text, "en")
    assert told[told.index(shown) - 1] == "2. Can anyone recommend a dentist in town?"
    assert len([line for line in told if "asks whom to go to" in line]) == 1
    assert shown in explained("comment", text, "en")
    assert shown not in explained("review", text, "en")


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    sentences = sentences_of(plain(text))
    request = request_of(sentences)
    assert request is None or sentences[request.sentence - 1][request.start : request.end]
