"""The language of a text, by py3langid; short or mixed texts are "not sure" rather than guessed.

Surprise: a handful of words is too little for any identifier, so below `FEWEST_WORDS` no answer is given.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

MODEL_ID = f"py3langid-{version('py3langid')}"
FEWEST_WORDS = 4
LEAST_PROBABILITY = 0.8
# Of a hundred languages; it decides only where none reached the other.
LEAST_LEANING = 0.3
# Nigerian Pidgin is spelt with English words, and few words tell the two apart.
_SPELT_AS_ENGLISH = ("en", "pcm")
# What stands in a text in any language: Google's remarks, addresses, names of accounts, the mark of a passed-on post.
NO_LANGUAGE = re.compile(
    r"\(Translated by Google\)|\(Original\)|"
    r"https?:\S*|\bwww\.\S+|[\w.+-]*@[\w.-]+|\b(?:RT|MT|via)\b|\b[a-z]+\.[a-z]{2,3}/\S+"
)
# One of these is in all that the pattern above matches, and few reviews hold any.
MAY_HOLD_NONE = re.compile(r"[(@/]|http|www|RT|MT|via")


@cache
def _identifier() -> LanguageIdentifier:
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # Half-precision weights would be widened anew for every text; the sums are the same.
    found.nb_ptc = found.nb_ptc.astype(np.float32)
    return found


def language_of(text: str) -> tuple[str | None, bool]:
    """Return (ISO 639-1 code, True), or (None, False) where the text is too short or the model unsure."""
    bare = text[:4000]
    if MAY_HOLD_NONE.search(bare):
        bare = NO_LANGUAGE.sub(" ", bare)
    words = re.findall(r"[^\W\d_]+", bare)
    letters = sum(map(len, words))
    # Scripts written without spaces put a sentence into one "word"; letters tell how much there is to go by.
    if len(words) < FEWEST_WORDS and letters < 12:
        return None, False
    code, probability = _identifier().classify(bare[:2000])
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
    English ones. If nothing speaks for another language, a fifth is enough, or that English is still the likeliest.
    """
    if language == "en":
        return True
    text = NO_LANGUAGE.sub(" ", text[:4000])
    words = re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower().replace("\u2019", "'")[:2000])
    if not words or (language is not None and len(words) > 10):
        return False
    share = sum(word in _ENGLISH for word in words) / len(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text[:2000]))
    if language is not None:
        return share >= 0.5
    return share >= 0.2 or (len(words) >= FEWEST_WORDS and _leans_to_english(text))


def _leans_to_english(text: str) -> bool:
    """Return whether a text is English by `LEAST_LEANING`: headlines hold few of the common words.

    Their capitals are taken off, in which the identifier sees other languages.
    """
    chances = dict(_identifier().rank(text.lower()[:2000]))
    return sum(float(chances[code]) for code in _SPELT_AS_ENGLISH) >= LEAST_LEANING
