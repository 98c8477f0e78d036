"""Acts in comments: questions and complaints that want an answer, word of mouth, contests, spam, and substance."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.demo.conversation.words import COMMENTS
from pipelines.text.acts import FEWEST_WORDS, acts_by_shape, acts_of
from pipelines.text.sentences import plain, sentences_of, words_of
from pipelines.text.sentiment import mood_of

GOLD = Path(__file__).parents[1] / "models" / "comments_gold.tsv"


def acts(text: str, post: str = "", *, names_friend: bool = True) -> set[str]:
    sentences = sentences_of(plain(text)) or [plain(text)]
    moods = [mood_of(words_of(sentence)) for sentence in sentences]
    return {found.act for found in acts_of(sentences, moods, post, names_friend=names_friend)}


def test_the_labelled_comments_are_read_as_labelled() -> None:
    wrong = []
    for line in GOLD.read_text(encoding="utf-8").splitlines():
        labels, text = line.split("\t")
        if acts(text) != set(labels.split(",")) - {"-"}:
            wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize("kind", ["question", "complaint", "advocacy", "discouragement", "contest", "spam"])
def test_comments_by_another_author_do_what_they_are_said_to_do(kind: str) -> None:
    for text in COMMENTS[kind]:
        assert kind in acts(text.format(name="Maria", practice="Oak Dental"))


def test_a_thin_comment_does_nothing() -> None:
    for text in ("Nice!", "👏👏👏", "So true", "🦷✨"):
        assert acts(text) == set()


@pytest.mark.parametrize(
    "text", ["Who knew?", "So cute, right?", "Isn't she lovely?", "What?!", "You were there, really?"]
)
def test_a_question_that_answers_itself_wants_no_answer(text: str) -> None:
    assert "question" not in acts(text)


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("where r u located", "question"),
        ("still doing flu shots or nah", "question"),
        ("need the number for billing please", "question"),
        ("you guys still open this late tomorrow", "question"),
        ("y'all never answer", "complaint"),
        ("worst office ever dont go", "discouragement"),
        ("they r the best fr", "advocacy"),
        ("10/10 recommend", "advocacy"),
        ("Sarah Jones you need this", "advocacy"),
    ],
)
def test_a_comment_typed_in_haste_does_what_it_says(text: str, act: str) -> None:
    assert act in acts(text)


@pytest.mark.parametrize("text", ["who can relate lol", "is it me or is it hot today", "It is 0/10 degrees out"])
def test_what_only_sounds_like_a_question_or_praise_is_none(text: str) -> None:
    assert not acts(text) & {"question", "advocacy"}


def test_substance_is_four_words_or_a_question() -> None:
    assert "substantive" not in acts("They moved again")
    assert "substantive" in acts("They moved again yesterday")
    assert acts("Parking?") == {"question", "substantive"}
    assert "substantive" not in acts("@one @two @three @four @five")
    assert "substantive" not in acts("https://example.org/one/two/three/four/five")
    assert FEWEST_WORDS == 4


def test_below_a_contest_everything_is_an_entry_and_nothing_has_substance() -> None:
    text = "My favorite one is the blue one by the door"
    assert acts(text) == {"substantive"}
    assert acts(text, "Giveaway time! Tell us your favorite door.") == {"contest"}
    assert acts(text, "Our new doors are in.") == {"substantive"}


def test_spam_and_entries_are_neither_praise_nor_substance() -> None:
    assert acts("Best dentist in town! Earn $500 a day, DM me for details") == {"spam"}
    assert acts("Best dentist in town, I would love to win this!") == {"contest"}


def test_naming_a_friend_is_word_of_mouth_and_naming_the_practice_is_not() -> None:
    assert acts("@tess") == {"advocacy"}
    assert acts("@tess", names_friend=False) == set()
    assert "advocacy" not in acts("@tess are you coming on Saturday?")


def test_praise_that_is_turned_round_speaks_against() -> None:
    assert "discouragement" in acts("I would not recommend them to anybody.")
    assert "advocacy" not in acts("I would not recommend them to anybody.")
    both = acts("Stay away from this office. My old one has the best dentist in town.")
    assert ("discouragement" in both, "advocacy" in both) == (True, False)
    assert acts("I recommend the mint one over the cinnamon.") == {"substantive"}


def test_a_complaint_about_something_else_wants_no_answer() -> None:
    assert "complaint" not in acts("The traffic in this town is terrible.")
    assert "complaint" in acts("The parking at your place is terrible.")


def test_in_another_language_only_the_shape_is_told() -> None:
    assert acts_by_shape("¿Abren los sábados por la mañana?") == ["question", "substantive"]
    assert acts_by_shape("看牙医要多少钱？") == ["question", "substantive"]
    assert acts_by_shape("Muy buen trato de todos") == ["substantive"]
    assert acts_by_shape("https://example.org/?a=b") == ["spam"]
    assert acts_by_shape("@tess @kim") == ["advocacy"]
    assert acts_by_shape("@oak", names_friend=False) == []
    assert acts_by_shape("Me encanta el azul de la puerta", "Giveaway!") == ["contest"]
    assert acts_by_shape("?!") == []


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_comment_is_read(text: str, post: str) -> None:
    sentences = sentences_of(plain(text))
    for found in acts_of(sentences, [mood_of(words_of(sentence)) for sentence in sentences], post):
        assert 0 <= found.start <= found.end
        assert found.reason
    acts_by_shape(text)
