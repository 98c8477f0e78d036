"""Reading grade by the published formula and a stated rule of syllables, and a screen that gives its reasons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.sentences import plain, sentences_of
from pipelines.text.usefulness import FEWEST_WORDS, LONGEST_SENTENCE, in_steps, reading_grade, syllables, usefulness_of


def test_the_grade_is_the_published_formula() -> None:
    text = "Three people said they waited too long. Call them back first. Then post the new hours."
    assert reading_grade(sentences_of(text)) == pytest.approx(0.5025)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("brush", 1), ("people", 2), ("waited", 2), ("called", 1), ("hours", 2), ("time", 1), ("table", 2),
        ("cavities", 3), ("periodontitis", 5), ("watches", 2), ("watched", 1), ("bones", 1), ("2", 1), ("rhythm", 1),
        ("Fire", 2),
    ],
)  # fmt: skip
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_too_short_a_text_has_no_grade() -> None:
    words = "one two three four five six seven eight"
    assert len(words.split()) == FEWEST_WORDS
    assert reading_grade([words]) is not None
    assert reading_grade([words.removesuffix(" eight")]) is None
    assert usefulness_of(["Brush twice."]).reasons[0] == f"fewer than {FEWEST_WORDS} words"


def test_addresses_and_tags_are_not_read_aloud() -> None:
    sentence = "Brush your teeth for two minutes every single day"
    assert reading_grade([f"{sentence} https://example.org/abc #health @oak"]) == reading_grade([sentence])


def test_each_reason_is_given() -> None:
    clear = usefulness_of(["Brush twice a day with a soft brush.", "Spit and do not rinse."])
    assert (clear.understandable, clear.says_what_to_do, clear.in_steps, clear.reasons) == (True, True, True, ())
    one = usefulness_of(["Use a soft brush and small circles when you clean."])
    assert (one.says_what_to_do, one.in_steps, one.reasons) == (True, False, ("what to do is not broken into steps",))
    hard = usefulness_of(
        ["Periodontitis necessitates interdisciplinary therapeutic considerations in every individual."]
    )
    assert not hard.understandable
    assert any("reading grade" in reason for reason in hard.reasons)
    assert "a medical term is not explained" in hard.reasons
    assert "no step is named that the reader can take" in hard.reasons
    assert "what to do is not broken into steps" not in hard.reasons
    long = usefulness_of([" ".join(["and then we go on"] * 7)])
    assert f"a sentence has more than {LONGEST_SENTENCE} words" in long.reasons


@pytest.mark.parametrize(
    ("sentence", "explained"),
    [
        ("Bruxism wears the teeth of many people down at night.", False),
        ("Bruxism (grinding your teeth) wears them down at night.", True),
        ("Bruxism means that you grind your teeth at night.", True),
        ("Grinding your teeth, also called bruxism, wears them down.", True),
        ("What wears your teeth down at night is called bruxism by dentists.", True),
    ],
)
def test_a_term_may_be_used_if_it_is_explained(sentence: str, explained: bool) -> None:
    assert ("a medical term is not explained" not in usefulness_of([sentence]).reasons) == explained


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("You should see a doctor if it lasts.", True),
        ("If it bleeds, press on it for ten minutes.", False),
        ("If it bleeds, keep it dry for ten minutes.", True),
        ("Fever in a baby is a reason to call a doctor.", True),
        ("Enamel is the hardest part of the whole body.", False),
        ("The use of fluoride began in the forties.", False),
    ],
)
def test_whether_a_step_is_named(sentence: str, says: bool) -> None:
    assert usefulness_of([sentence]).says_what_to_do == says


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # lines, with numbers, signs or nothing before them
        ("For a bleeding gum:\n1. Rinse with salt water.\n2. Press gauze on it.", True),
        ("1) Sit down 2) Put your feet on the floor", True),
        ("\u2705 Wear a hat\n\u2705 Stay in the shade, and drink\n\u2705 Use sunscreen", True),
        ("Go to bed at ten.\nLeave your phone in the kitchen.", True),
        ("Step 1: soap. Step 2: water.", True),
        # sentences in a row, with a condition before them or a number cut off
        ("Brush gently. If it bleeds, keep on brushing.", True),
        ("A lost filling? Don't chew there. Call your dentist.", True),
        # in one sentence, in order or at least three
        ("First wash it, then cover it.", True),
        ("Rest it, ice it and raise it.", True),
        ("Rest it and raise it.", False),
        # a thing, somebody else's deeds, a question, signs of an illness, and what sells
        ("Brush twice a day. Healthy gums are pink.", False),
        ("Brush twice a day. Healthy gums are pink. Floss, too.", False),
        ("Ice cream hurts? Rest is best. Use of fluoride is old.", False),
        ("We numb it, clean it and then close it.", False),
        ("Have a cough? Drink tea.", False),
        ("Signs of it:\n1. A cough.\n2. A fever.", False),
        ("Read more on our page. Follow us. Call us today!", False),
        ("", False),
    ],
)
def test_whether_it_is_told_in_steps(text: str, told: bool) -> None:
    assert in_steps(sentences_of(plain(text))) == told


def test_steps_are_something_to_do_whatever_the_verbs() -> None:
    assert usefulness_of(["Lean forward.", "Pinch your nose for ten minutes."]).says_what_to_do


@given(st.text(max_size=300))
def test_any_text_is_screened(text: str) -> None:
    use = usefulness_of(sentences_of(plain(text)))
    assert use.understandable or use.reasons
    assert use.says_what_to_do or not use.in_steps
