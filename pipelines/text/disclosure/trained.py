"""The trained part: what a small model makes of a sentence, for what no rule knows."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from pipelines.text.disclosure.sentence import Sentence
from pipelines.text.disclosure.vocabulary import CONDUCT, FAMILY, MONEY, OCCASION, RECORD, REVIEW, WHEN
from pipelines.text.linear import Buckets, Floats, buckets_of, character_hashes, load, probabilities, word_grams
from pipelines.text.patterns import either
from pipelines.text.sentences import words_of

BUCKETS: Final = 1 << 14
_SIGNS: Final[tuple[re.Pattern[str], ...]] = tuple(
    re.compile(either(pattern))
    for pattern in (
        r"\b(?:was|were|had|did|didn't|went|came|took|got|gave|made|said|told|left|saw|\w{3,}ed)\b",
        r"\b(?:we|our|us|i|my)\b", r"^(?:we|our|the team|the office|i|this|it)\b", r"\b(?:is|are|do|does|can|may|will|would)\b",
        rf"\b{REVIEW}\b|\bwords\b", r"\b(?:call|phone|e-?mail|contact|reach|write|website|online|offline|privately|manager)\b",
        r"\b(?:privacy|confidential\w*|law|laws|hipaa|public)\b", rf"\b{WHEN}", rf"\b{MONEY}", rf"\b{FAMILY}\b", rf"\b{RECORD}\b",
        rf"\b{CONDUCT}\b", rf"\b{OCCASION}\b", r"\b(?:the|that|those|this|these) ", r"!", r"\d", r"\b(?:no|not|never|nobody|none|nothing)\b|n't\b",
        r"\b(?:thank|thanks|appreciate|grateful)\b", r"\b(?:sorry|apologi[sz]e|regret)\b", r"\b(?:glad|happy|thrilled|delighted|love|loved|hope)\b",
        r"\b(?:again|back|always|years|soon)\b", r"^(?:please )?(?:take|try|keep|stop|use|put|cut|bring|tell|give|say|wait|let|see|come)\b",
        r"\b(?:if|once|when|after)\b",
    )
)  # fmt: skip


_CAPITAL: Final = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+")


def model_features(sentence: Sentence) -> tuple[Buckets, Floats]:
    """Return what the trained part sees of a sentence: hashed words, pairs and character runs, and signs of structure."""
    words = words_of(sentence.lowered)
    signs = [
        *(bool(sign.search(sentence.lowered)) for sign in _SIGNS), bool(_CAPITAL.search(sentence.text)),
        bool(sentence.you), bool(sentence.you_did), bool(sentence.somebody), bool(sentence.clinical),
        sentence.general, sentence.refusal, len(words) > 20,
    ]  # fmt: skip
    runs = frozenset[int]().union(*map(character_hashes, words))
    return buckets_of([*word_grams(words), *runs], BUCKETS), np.asarray(signs, dtype=np.float32)


def suspicion(sentence: Sentence) -> float:
    """Return the trained part's probability that the sentence discloses something."""
    model = load("disclosure")
    buckets, signs = model_features(sentence)
    return float(probabilities(model.margins(buckets, signs))[0])
