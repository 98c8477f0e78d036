"""How a practice asks for reviews: an invented labelled set of posts, answers and near misses, and what becomes of it.

`invitations.tsv` has four batches, each written before the patterns had seen it. Batch 1 made the first patterns; they
then told 13 of batch 2's 38 posts with a sign right and none of its 57 others wrongly, once mended 11 of batch 3's 17
right and 1 of its 27 others wrongly, and mended again 12 of batch 4's 14 right and none of its 14 others wrongly. By
batch 4 nothing was mended. Batches 5 to 7 are replies and comments, each likewise unseen at first: 8 of 13 with a sign
were told right and 3 of 25 others wrongly, then 7 of 13 and none of 23, then 4 of 9 and none of 12; 5 and 6 have mended
the patterns since. `told` is what they still tell in place of what a text asks.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.score import explain_text, score_lines
from pipelines.text.invitations import invitation_acts, invitations_of
from pipelines.text.judgements import Surroundings, explained, judgements
from pipelines.text.sentences import plain, sentences_of

ACTS = {
    "gating": "gated_invitation",
    "reward": "rewarded_invitation",
    "yelp": "yelp_invitation",
    "content": "worded_invitation",
    "open": "open_invitation",
    "none": "no_invitation",
}


class Line(NamedTuple):
    batch: str
    asks: str
    told: str
    text: str


def lines() -> list[Line]:
    path = Path(__file__).with_name("invitations.tsv")
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [Line(**{**row, "text": row["text"].replace("\\n", "\n")}) for row in rows]


LINES = lines()


def acts(text: str) -> list[str]:
    return invitation_acts(invitations_of(sentences_of(plain(text))))


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.asks}: {line.text[:40]}")
def test_a_post_asks_for_reviews_as_it_is_labelled(line: Line) -> None:
    told = line.asks if line.told == "-" else line.told
    assert acts(line.text) == sorted(ACTS[each] for each in told.split(","))


def test_the_labelled_posts_are_worth_a_test_and_no_sign_is_told_wrongly() -> None:
    asked = [set(line.asks.split(",")) - {"open", "none"} for line in LINES]
    told = [set(line.told.split(",")) - {"-", "open", "none"} for line in LINES]
    assert sum(map(bool, asked)) >= 60
    assert sum(not signs for signs in asked) >= 80
    assert all(wrongly <= rightly for wrongly, rightly in zip(told, asked, strict=True))
    assert sum(line.told != "-" for line in LINES) == 23


@pytest.mark.parametrize(
    ("text", "sentence", "reason", "words"),
    [
        ("Hi! Leave us a review if you loved your visit.", 2, "asks the happy alone for a review", "if you loved your"),
        ("Loved it? Rate us.", 2, "asks those for a review who are happy by the sentence before", "Rate us"),
        ("Leave us a five-star review.", 1, "asks for praise and not for a review", "five-star review"),
        ("Unhappy? Call us before you leave a review.", 2, "sends the unhappy elsewhere than to a review", "Call us"),
        ("A free pen for every review!", 1, "tells of something given for a review", "free pen for every review"),
        ("Raffle!\n- Leave us a review", 2, "asks for a review to take part in a contest", "Leave us a review"),
        ("Rate us on Google or Yelp.", 1, "asks for a review on Yelp", "Yelp"),
        ("Name Jo in your review.", 1, "asks for a name or a treatment in the review", "Name Jo in your review"),
        ("So. Leave us a review.", 2, "asks for a review", "Leave us a review"),
    ],
)  # fmt: skip
def test_a_sign_says_where_it_stands_and_why(text: str, sentence: int, reason: str, words: str) -> None:
    sentences = sentences_of(plain(text))
    [sign] = invitations_of(sentences)
    assert (sign.sentence, sign.reason) == (sentence, reason)
    assert sentences[sign.sentence - 1][sign.start : sign.end] == words


@pytest.mark.parametrize(
    "text",
    [
        'She wrote: "Loved it! Leave them a review!" and we agree.',
        'Kim says: "Happy with your visit?\nLeave a 5-star review."',
    ],
)
def test_what_somebody_is_quoted_with_is_nobody_s_request(text: str) -> None:
    assert acts(text) == ["no_invitation"]
    # A mark that is not closed quotes nothing, as of inches.
    assert acts('A 6" brush. Loved your visit? Leave us a review!') == ["gated_invitation"]


@pytest.mark.parametrize(
    ("asks", "text"),
    [
        ("open", "Please don't forget to leave us a review."),
        ("open", "If you can't call, leave us a review."),
        ("open", "Loved your visit? Hated it? Tell Google."),
        ("open", "With 300 five-star reviews behind us, please leave us a review."),
        ("open", "Love your smile? Show it to a friend. Please review us on Google."),
        ("open", "Review us on Google. If you are unhappy, call us."),
        ("open", "Review us on Google. For an appointment call us first."),
        ("open", "The raffle is on Friday!\nLeave us a review on Google."),
        ("none", "Loved your visit? Leave us a review in the comments!"),
        ("none", "There is a shelf of books at the desk. Leave one, take one."),
        ("none", "We would never offer you a gift card for a review."),
        ("none", "You do not have to name anybody in your review."),
        ("none", "We see what you name in your review."),
        ("none", "A great review like yours makes our day."),
        ("gating", "Loved your visit?Leave us a review!"),
        ("gating", "Review us on Google. If you are unhappy, call us first."),
    ],
)
def test_a_word_beside_a_request_changes_what_it_is(asks: str, text: str) -> None:
    assert acts(text) == [ACTS[asks]]


def test_a_line_of_json_says_whether_a_post_is_the_practice_s_own() -> None:
    post = {"id": 1, "kind": "post", "text": "Did you love your visit to our office? Leave us a review on Google!"}
    told = score_lines(json.dumps(post | more).encode() for more in ({}, {"by_practice": False}))
    assert [line["acts"] for line in told] == [["gated_invitation", "question"], []]


def test_a_post_that_asks_in_several_ways_has_each_once_and_is_not_open() -> None:
    text = "Loved your visit? Review us on Yelp. Happy with your care? Leave a review. Please leave a review."
    assert acts(text) == ["gated_invitation", "yelp_invitation"]


def test_only_the_practice_s_own_posts_and_answers_in_english_have_an_answer() -> None:
    text = "Loved your visit to the office? Leave us a review on Google!"
    assert judgements("post", text, "en")["acts"] == ["gated_invitation", "question"]
    assert judgements("post", "Our doors open at nine.", "en")["acts"] == ["no_invitation", "no_question"]
    assert judgements("post", text, "es")["acts"] == []
    assert judgements("post", text, "en", Surroundings(by_practice=False))["acts"] == []
    assert judgements("reply", text, "en")["acts"] == ["public", "gated_invitation"]
    assert judgements("reply", text, "es")["acts"] == []
    assert not [act for act in judgements("review", text, "en")["acts"] if act in ACTS.values()]
    assert not [act for act in judgements("comment", text, "en")["acts"] if act in ACTS.values()]


def test_an_explanation_shows_the_words_of_the_practice_s_own_post_alone() -> None:
    text = "Leave us a review on Google and get a gift card at the desk for it."
    why = "rewarded_invitation: tells of something given for a review"
    shown = f"   {why}: \u201cLeave us a review on Google and get a gift\u201d"
    assert shown in explain_text(text, "post")
    assert shown in explain_text(text, "reply")
    assert shown not in explained("post", text, "en", Surroundings(by_practice=False))
    assert shown not in explain_text(text, "comment")


@given(st.text(max_size=300) | st.lists(st.sampled_from([line.text for line in LINES]), max_size=4).map(" ".join))
def test_any_text_is_read(text: str) -> None:
    sentences = sentences_of(plain(text))
    found = invitations_of(sentences)
    for sign in found:
        assert sentences[sign.sentence - 1][sign.start : sign.end]
    assert invitation_acts(found)
    assert set(invitation_acts(found)) <= set(ACTS.values())
