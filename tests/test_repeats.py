"""Templates and copies: texts that are alike but for names and numbers, found without comparing all with all."""

from __future__ import annotations

import re
import time
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text.patterns import Beginnings, alternatives, either
from pipelines.text.repeats import LEAST_ALIKE, copies_of, signed, template_of, twins

THANKS = "Thank you, {}, for the kind words. We look forward to the next {} years!"


def test_names_and_numbers_are_masked() -> None:
    assert template_of(THANKS.format("Maria", 5)) == template_of(THANKS.format("Mr Brandt", 12))
    assert template_of("Maria, thank you.") == template_of("Tom, thank you.")
    assert template_of("@maria thank you") == template_of("@tom thank you")
    assert template_of("The team thanks you") != template_of("The dog thanks you")


def test_each_text_is_told_the_first_other_one_that_is_alike() -> None:
    texts = [
        THANKS.format("Maria", 5),
        "Nothing like it.",
        THANKS.format("Tom", 9),
        THANKS.format("Ann", 1),
        "👍",
        "👍",
        "",
    ]
    assert twins(texts) == [2, None, 0, 0, None, None, None]


def test_a_few_changed_words_are_still_alike_and_another_text_is_not() -> None:
    one = "thank you so much for taking the time to share this with our whole team today"
    near = one.replace("today", "this week")
    assert twins([one, near]) == [1, 0]
    assert twins([one, "thank you so much for the cake that somebody left at the desk"]) == [None, None]


def test_texts_that_share_a_third_of_their_pairs_are_two_texts() -> None:
    one = "thank you so much for taking the time to share this with our whole team today"
    other = "thank you so much for taking the time to tell us what went wrong with the bill"
    both = [signed(text)[0] for text in (one, other)]
    assert 0.3 < len(both[0] & both[1]) / len(both[0] | both[1]) < LEAST_ALIKE
    assert twins([one, other]) == [None, None]


def test_thousands_of_copies_cost_no_more_than_others() -> None:
    started = time.monotonic()
    found = twins(
        [f"thank you for the kind words, dear person{'x' * number}, from all of us here" for number in range(3000)]
    )
    assert None not in found
    assert time.monotonic() - started < 10


def test_copies_are_found_among_others() -> None:
    others = [signed(THANKS.format("Maria", 5)), signed("Something else, then.")]
    assert copies_of([signed(THANKS.format("Jo", 7)), signed("And a third thing."), signed("")], others) == [
        True,
        False,
        False,
    ]


words = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=2, max_size=7).map(" ".join)


@settings(max_examples=60)
@given(st.lists(words, min_size=2, max_size=12))
def test_what_is_said_to_be_alike_is(texts: list[str]) -> None:
    found = twins(texts)
    pairs = [signed(text)[0] for text in texts]
    for number, twin in enumerate(found):
        if twin is not None:
            assert twin != number
            assert len(pairs[number] & pairs[twin]) >= LEAST_ALIKE * len(pairs[number] | pairs[twin])
    for one, other in combinations(range(len(texts)), 2):
        if pairs[one] == pairs[other]:
            assert found[one] is not None
            assert found[other] is not None


PARTS = [
    "d?ow",
    "t+c",
    r"\bab+c\b",
    "a(?:b|c)d",
    r"[a|b]x",
    r"\(a|b\)",
    r"\bcat(?!s)|\bcow",
    "ca?b",
    "(?:aa|ab|b)c",
    r"[]|]d",
]


def test_a_pattern_is_cut_at_its_own_bars_only() -> None:
    assert alternatives(r"a|(?:b|c)d|[|]e|\|f|[]|]g") == ["a", "(?:b|c)d", "[|]e", r"\|f", "[]|]g"]


@settings(max_examples=400)
@given(st.text(alphabet="abcdtsowx|()] ", max_size=20), st.lists(st.sampled_from(PARTS), min_size=1, unique=True))
def test_a_rearranged_list_matches_where_the_list_does(text: str, parts: list[str]) -> None:
    one, other = re.search("|".join(parts), text), re.search(either(*parts), text)
    assert (one is None) == (other is None)
    if one and other:
        assert one.start() == other.start()


OPENINGS = [
    *PARTS,
    "cats? (?:do|too)",
    "(?:b|co)?d+",
    r"\bx(?!a)(?:a|bd)*c",
    r"(?<!a )ab(?: c)?d",
    "t(?:o|)w",
    "a{0,2}b",
    r"(?:\d+|ab) ?c",
    "7a|9 b",
    r"^(?:a |bd )*(?:c|do)\W*$",
    "(?:ab|c)*?d",
]


@settings(max_examples=600)
@given(
    st.text(alphabet="abcdtsowx 79\u0663", max_size=24), st.lists(st.sampled_from(OPENINGS), min_size=1, unique=True)
)
def test_what_matches_is_among_what_may_match(text: str, parts: list[str]) -> None:
    possible = Beginnings({part: (part,) for part in parts}).possible(text)
    assert {part for part in parts if re.search(rf"\b{either(part)}", text)} <= possible


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (r"\d+ ?m", "5 m"),
        (r"\d+ ?m", "\u0665 m"),
        ("4 of", "4 of"),
        ("^(?:a )*b", "a a b"),
        ("(?:ab)*c", "ababc"),
        ("^(?:a )*b", "b"),
        ("(?:a+|b)c", "aac"),
        ("(?: a|b)d", "o ad"),
        ("ab+c", "abbc"),
        ("(?:ab)?c", "c"),
        ("a{0,2}b", "b"),
    ],
)
def test_what_may_be_left_out_or_repeated_is_no_beginning(part: str, text: str) -> None:
    assert re.search(rf"\b{either(part)}", text)
    assert Beginnings({part: (part,)}).possible(text) == {part}


def test_most_patterns_are_passed_over_without_a_search() -> None:
    found = Beginnings({"price": ("expensive|over(?:priced|charged)",), "any": (r"\w+ room",)})
    assert found.possible("the clean rooms") == {"any"}
    timed = Beginnings({"time": (r"(?:\d+|five) ?min",), "whole": (r"^(?:very )*(?:good|great)\W*$",)})
    assert timed.possible("the clean rooms") == set()
    assert timed.possible("in 10 min, very good") == {"time", "whole"}
    assert found.possible("it was overpriced") == {"price", "any"}
    assert found.possible("all in all, over and out") == {"any"}
