"""The language of a text, by py3langid; short or mixed texts are "not sure" rather than guessed.

Surprise: a handful of words is too little for any identifier, so below `FEWEST_WORDS` no answer is given.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version

from py3langid.langid import MODEL_FILE, LanguageIdentifier

MODEL_ID = f"py3langid-{version('py3langid')}"
FEWEST_WORDS = 4
LEAST_PROBABILITY = 0.8
_ADDED_BY_GOOGLE = re.compile(r"\(Translated by Google\)|\(Original\)")


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> tuple[str | None, bool]:
    """Return (ISO 639-1 code, True), or (None, False) where the text is too short or the model unsure."""
    words = re.findall(r"[^\W\d_]+", text)
    letters = sum(map(len, words))
    # Scripts written without spaces put a sentence into one "word"; letters tell how much there is to go by.
    if len(words) < FEWEST_WORDS and letters < 12:
        return None, False
    code, probability = _identifier().classify(_ADDED_BY_GOOGLE.sub(" ", text)[:2000])
    return (str(code), True) if float(probability) >= LEAST_PROBABILITY else (None, False)
