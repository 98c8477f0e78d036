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


# Judgements are made only for languages whose test set was measured; see docs/models.md.
MEASURED = frozenset({"en"})
_ENGLISH = frozenset(
    re.findall(
        r"\S+",
        """a about after again all also always am an and any anyone are as ask at avoid away awesome back bad be
        because been before best better but by call came can caring clean could day dentist did do doctor does done
        don't even ever every everyone everything excellent experience feedback feel felt first for friendly from
        gentle get give go good got great had happy has have he hello help helpful her here hi him his hope horrible
        how i if i'm in is it it's job just kind know like long look love made make me more most much must my never
        new nice no not nothing now of office ok okay on one only or our out over patient people perfect place
        please poor practice professional quick really recommend review rude same say see service she should so some
        five hey miss stars wow sorry staff still such super take team terrible than thank thanks that the their
        them then there these they thing this time to too up us very visit wait waited waiting want was way we
        welcome well went were what when where which who why will with without wonderful words work worst would
        years yes you your you're""",
    )
)


def is_english(text: str, language: str | None) -> bool:
    """Return True if English judgements may be made of a text, given what `language_of` said.

    Where that is unsure, or the text so short that it is often wrong, at least half of the words must be common
    English ones (a fifth if nothing speaks for another language).
    """
    if language == "en":
        return True
    words = re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower().replace("\u2019", "'")[:2000])
    if not words or (language is not None and len(words) > 10):
        return False
    share = sum(word in _ENGLISH for word in words) / len(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text[:2000]))
    return share >= (0.5 if language is not None else 0.2)
