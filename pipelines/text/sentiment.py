"""How a text and each of its sentences sound: positive, neutral, negative, or unsure; English, and never from stars.

Surprise: "unsure" is said of doubtful praise and doubtful indifference only. A text that leans to a complaint is called
negative, because a complaint that nobody sees costs more than one that turns out to be none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from pipelines.text.linear import Buckets, buckets_of, load, probabilities, weighted, word_grams

Sentiment = Literal["positive", "neutral", "negative", "unsure", "not_checked"]
OUTPUTS: Final[tuple[Sentiment, ...]] = ("negative", "neutral", "positive")
BUCKETS: Final = 1 << 17
# Picked before anything was measured, and not tuned since; what it gives stands in docs/models.md.
UNSURE_BELOW: Final = 0.55
_NEGATIONS: Final = frozenset(
    re.findall(
        r"\S+",
        """not no never nobody nothing none without hardly cannot can't cant don't dont didn't didnt doesn't doesnt
        wasn't wasnt weren't isn't isnt aren't won't wont wouldn't couldn't couldnt shouldn't haven't hasn't
        hadn't nor""",
    )
)
_TURNS: Final = frozenset(("but", "however", "although", "though", "yet", "except"))
_REACH: Final = 3


def grams_of(words: Sequence[str]) -> list[str]:
    """Return words, pairs, and the words within `_REACH` of a negation once more as negated ones.

    The words after the last "but" count once more too, because they tell where the writer ends.
    """
    grams = word_grams(words)
    left = 0
    turn = -1
    for at, word in enumerate(words):
        if word in _NEGATIONS:
            left = _REACH
        elif left:
            grams.append("\x03" + word)
            left -= 1
        if word in _TURNS:
            turn = at
    if turn >= 0:
        grams += ["\x04" + word for word in words[turn + 1 :]]
    return grams


@dataclass(frozen=True)
class Mood:
    """A judgement: `score` is P(positive) minus P(negative), -1 to 1; `sure` the probability of the likeliest class."""

    sentiment: Sentiment
    score: float
    sure: float


NOTHING: Final = Mood("not_checked", 0.0, 0.0)


def mood_of_buckets(buckets: Buckets) -> Mood:
    """Return the judgement on hashed grams; `NOTHING` where there is no word."""
    if not len(buckets):
        return NOTHING
    return decided(probabilities(load("sentiment").margins(buckets)))


def decided(chances: np.ndarray[tuple[int], np.dtype[np.float32]], unsure_below: float = UNSURE_BELOW) -> Mood:
    """Return the judgement from the three one-against-rest probabilities, scaled to sum to one."""
    shares = chances / chances.sum()
    best = int(shares.argmax())
    score = round(float(shares[2] - shares[0]), 4)
    sure = round(float(shares[best]), 4)
    return Mood(OUTPUTS[best] if best == 0 or sure >= unsure_below else "unsure", score, sure)


def mood_of(words: Sequence[str]) -> Mood:
    """Return the judgement on the words (`words_of`) of a text or sentence."""
    return mood_of_buckets(buckets_of(grams_of(words), BUCKETS))


def evidence(words: Sequence[str], most: int = 5) -> list[tuple[str, float]]:
    """Return the words of this text that pulled its score most, with how much; for `--explain` only, never stored."""
    model = load("sentiment")
    distinct = sorted(set(words))
    every = buckets_of(grams_of(words), BUCKETS)
    scale = dict(zip(every.tolist(), weighted(every, model.rarity).tolist(), strict=True))
    pulls = []
    for word in distinct:
        [bucket] = buckets_of([word], BUCKETS).tolist()
        weight = model.weights[bucket]
        pulls.append((word, round(scale.get(bucket, 0.0) * float(weight[2] - weight[0]), 3)))
    return sorted(pulls, key=lambda pull: -abs(pull[1]))[:most]
