"""Clinical claims: what somebody says helps or harms is for a clinician; who is ill is nobody's business here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.claims import claims_of
from pipelines.text.sentences import plain, sentences_of


@pytest.mark.parametrize(
    "text",
    [
        "Charcoal toothpaste whitens stains for good.",
        "Garlic on the gum kills the infection overnight.",
        "Root canals cause cancer, look it up.",
        "You don't need antibiotics for that infection.",
        "Vitamin D prevents the flu.",
        "Mercury fillings poison your brain.",
    ],
)
def test_what_acts_on_health_is_a_claim(text: str) -> None:
    [claim] = claims_of(sentences_of(text))
    assert claim.sentence == 1
    assert text[claim.start : claim.end].strip()


@pytest.mark.parametrize(
    "text",
    [
        "Does fluoride really prevent cavities?",
        "I have diabetes and the cold makes it worse, it reduces my energy.",
        "My son has an ear infection.",
        "The waiting room is clean.",
        "This website is useless.",
        "She fixed the printer and stopped the noise.",
    ],
)
def test_questions_and_the_author_s_own_state_are_no_claims(text: str) -> None:
    assert claims_of(sentences_of(text)) == []


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    claims_of(sentences_of(plain(text)))
