"""What a review tells of having been asked for: a reward for it, and a name of the staff."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.judgements import Surroundings, explained, judgements
from pipelines.text.sentences import plain, sentences_of
from pipelines.text.solicited import names_of, rewards_of

STAFF = ("Dr. Lena Okabe", "Tom", "José Ruiz, DMD", "Anne-Marie O'Neil")
OWN = ("Okabe Family Dental",)


def named(text: str) -> list[str]:
    bare = plain(text)
    sentences = sentences_of(bare)
    return [sentences[sign.sentence - 1][sign.start : sign.end] for sign in names_of(sentences, STAFF, OWN)]


@pytest.mark.parametrize(
    "text",
    [
        "They gave me a $10 gift card for leaving a review.",
        "I got a discount for writing this review.",
        "They offer 10% off if you leave a five star review.",
        "Leave a Google review and get a free whitening!",
        "We were told to leave a review to be entered into a raffle.",
        "The front desk promised a Starbucks card for a 5-star review.",
        "Was offered a coupon in exchange for a positive review.",
        "They raffle an iPad, so: one entry in the raffle for each review.",
        "They paid me to write this review.",
        "They bribe patients for 5 star reviews.",
        "My review got me a $25 Amazon card.",
        "They enter you to win a prize when you post a review.",
        "The receptionist said I would get a $5 credit for a good Google review.",
        "They give you a free t-shirt if you review them.",
        "They buy fake reviews.",
        "Got a gift card after I gave them five stars.",
        "The office gives gift cards to people who leave reviews.",
    ],
)
def test_a_reward_for_a_review_is_found(text: str) -> None:
    [sign] = rewards_of(sentences_of(text)[-1:])
    assert sign.act == "incentive"


@pytest.mark.parametrize(
    "text",
    [
        "I was not paid to write this review.",
        "Nobody offered me a discount for this review.",
        "They do not give rewards for reviews.",
        "No incentive for this review, just happy.",
        "I would pay to give them a better review.",
        # both words, and no deal
        "They gave me a discount on my crown, so I am leaving a five star review.",
        "The cleaning was $200 and I am leaving a bad review.",
        "Free parking and great staff, five stars.",
        "I paid for a crown and got poor service, one star.",
        "Paid $300 out of pocket for a five minute visit.",
        "My reward for brushing was a clean bill of health.",
        "They have a rewards program for kids who do not have cavities.",
        "After reading the reviews I asked for the new patient discount.",
        "Got the new patient discount after reading a review.",
        "I chose them for the free consultation after seeing great reviews.",
        "They have free coffee to go with the five star service.",
        "He gives cash discounts and I give him five stars.",
        "The office asked me for a review after the visit.",
        "",
    ],
)
def test_the_same_words_for_something_else_are_no_reward(text: str) -> None:
    assert rewards_of(sentences_of(text)) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dr. Okabe was great.", "Okabe"),
        ("I saw dr okabe twice.", "okabe"),
        ("So happy with doctor lena!", "lena"),
        ("LENA is great.", "LENA"),
        ("Tom's the best.", "Tom"),
        ("Jose was kind.", "Jose"),
        ("José was kind.", "José"),
        ("Thanks to Anne-Marie for her time.", "Anne-Marie"),
        ("Mrs. O\u2019Neil explained it well.", "O'Neil"),
        # of two names of one sentence the first is told
        ("Tom and Lena were kind.", "Tom"),
        ("Okabe Family Dental is great, and so is Okabe.", "Okabe"),
    ],
)
def test_a_name_of_the_roster_is_found(text: str, name: str) -> None:
    assert named(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "A tom cat sat at the door.",
        "We love okabe family dental.",
        "Okabe Family Dental is the place to go.",
        "Everybody was kind, and the doctor listened.",
        "Tomorrow I will come again.",
        "Mr. Smith, DMD, was kind.",
        "",
    ],
)
def test_what_is_no_name_of_the_roster_is_none(text: str) -> None:
    assert named(text) == []


def test_a_roster_of_titles_names_nobody() -> None:
    assert names_of(["The Doctor was kind."], ("Dr.", "DMD", "J.")) == []
    assert names_of(["Tom was kind."], ()) == []


def test_both_answers_are_kept_and_neither_where_nobody_asked() -> None:
    around = Surroundings(staff=STAFF, practice_names=OWN)
    text = "They gave me a gift card for a review. Tom was kind."
    assert judgements("review", text, "en", around)["acts"] == ["incentive", "staff_named"]
    assert judgements("review", "Everybody was kind to me.", "en", around)["acts"] == [
        "no_incentive",
        "staff_not_named",
    ]
    assert judgements("review", text, "en")["acts"] == ["incentive"]
    assert judgements("review", "Tom fue muy amable conmigo.", "es", around)["acts"] == []
    assert "incentive" not in judgements("comment", text, "en", around)["acts"]


def test_an_explanation_shows_the_words_of_a_review_alone() -> None:
    around = Surroundings(staff=STAFF)
    text = "They gave me a gift card for a review. Tom was kind."
    lines = explained("review", text, "en", around)
    assert "   incentive: tells of something given for a review: \u201ca gift card for a review\u201d" in lines
    assert "   staff_named: names somebody of the staff: \u201cTom\u201d" in lines
    assert not [line for line in explained("post", text, "en", around) if "staff_named" in line or "incentive:" in line]


@given(st.text(max_size=300), st.lists(st.text(max_size=12), max_size=3))
def test_any_text_and_any_roster_are_read(text: str, staff: list[str]) -> None:
    sentences = sentences_of(plain(text))
    for sign in [*rewards_of(sentences), *names_of(sentences, staff, staff)]:
        assert sentences[sign.sentence - 1][sign.start : sign.end]
