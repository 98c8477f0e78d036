"""How a text and each of its sentences sound: positive, neutral, negative, or unsure; English, and never from stars.

Surprise: "unsure" is said of doubtful praise and doubtful indifference only. A text that leans to a complaint is called
negative, because a complaint that nobody sees costs more than one that turns out to be none.

Beside the words that were learnt stands how words sound by themselves, by the list of VADER (Hutto and Gilbert 2014):
it carries over to texts about anything, for which nothing was taught.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final, Literal

import numpy as np

from pipelines.text.linear import Floats, buckets_of, hash_of, load, probabilities, weighted, word_grams

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
# VADER's own figures: what a negation leaves of a valence, how a sum is brought to -1 to 1, and what is no feeling.
_NEGATED: Final = -0.74
_SPREAD: Final = 15.0
_NO_FEELING: Final = 0.05


def grams_of(words: Sequence[str]) -> list[int]:
    """Return the hashes of words, pairs, and the words within `_REACH` of a negation once more as negated ones.

    The words after the last "but" count once more too, because they tell where the writer ends.
    """
    grams = word_grams(words)
    left = 0
    turn = -1
    for at, word in enumerate(words):
        if word in _NEGATIONS:
            left = _REACH
        elif left:
            grams.append(hash_of("\x03" + word))
            left -= 1
        if word in _TURNS:
            turn = at
    if turn >= 0:
        grams += [hash_of("\x04" + word) for word in words[turn + 1 :]]
    return grams


@dataclass(frozen=True)
class Mood:
    """A judgement: `score` is P(positive) minus P(negative), -1 to 1; `sure` the probability of the likeliest class.

    `feeling` is the balance of how the words sound by themselves, -1 to 1.
    """

    sentiment: Sentiment
    score: float
    sure: float
    feeling: float = 0.0


NOTHING: Final = Mood("not_checked", 0.0, 0.0)


def valences_of(words: Sequence[str], valences: Mapping[int, float]) -> tuple[float, float]:
    """Return the sums of the valences of words of praise and of blame (as a positive number), negated ones turned."""
    praise = blame = 0.0
    left = 0
    for word in words:
        if word in _NEGATIONS:
            left = _REACH
            continue
        valence = valences.get(hash_of(word), 0.0)
        if left:
            valence *= _NEGATED
            left -= 1
        if valence > 0:
            praise += valence
        else:
            blame -= valence
    return praise, blame


def _spread(total: float) -> float:
    return total / sqrt(total * total + _SPREAD)


def balance_of(praise: float, blame: float) -> float:
    """Return how a text's words sound together, -1 to 1, as VADER's compound is made of a sum."""
    return _spread(praise - blame)


def sound_of(praise: float, blame: float) -> Floats:
    """Return what the model is told of these sums: either brought to 0 to 1, and whether there is neither."""
    return np.array([_spread(praise), _spread(blame), not praise and not blame], dtype=np.float32)


def decided(
    chances: np.ndarray[tuple[int], np.dtype[np.float32]], unsure_below: float = UNSURE_BELOW, feeling: float = 0.0
) -> Mood:
    """Return the judgement from the three one-against-rest probabilities, scaled to sum to one."""
    shares = chances / chances.sum()
    best = int(shares.argmax())
    score = round(float(shares[2] - shares[0]), 4)
    sure = round(float(shares[best]), 4)
    return Mood(OUTPUTS[best] if best == 0 or sure >= unsure_below else "unsure", score, sure, feeling)


def mood_of(words: Sequence[str]) -> Mood:
    """Return the judgement on the words (`words_of`) of a text or sentence; `NOTHING` where there is no word."""
    if not words:
        return NOTHING
    model = load("sentiment")
    praise, blame = valences_of(words, model.valences)
    margins = model.margins(buckets_of(grams_of(words), BUCKETS), sound_of(praise, blame))
    return decided(probabilities(margins), feeling=balance_of(praise, blame))


def as_post(mood: Mood) -> Mood:
    """Return the judgement on a post or comment: neutral where it is doubtful and no feeling is in the words.

    A review is written to praise or to blame, and most of what people post is not.
    """
    if mood.sentiment != "not_checked" and is_plain(mood.sure, mood.feeling):
        return replace(mood, sentiment="neutral")
    return mood


def is_plain(sure: float, feeling: float) -> bool:
    """Return whether a post is neutral whatever is the likeliest class: that is doubtful, and its words balance."""
    return sure < UNSURE_BELOW and abs(feeling) < _NO_FEELING


def evidence(words: Sequence[str], most: int = 5) -> list[tuple[str, float]]:
    """Return the words of this text that pulled its score most, with how much; for `--explain` only, never stored.

    What the sums of valences pulled is shared out by each word's part in them.
    """
    model = load("sentiment")
    every = buckets_of(grams_of(words), BUCKETS)
    scale = dict(zip(every.tolist(), weighted(every, model.rarity).tolist(), strict=True))
    sums = valences_of(words, model.valences)
    told = sound_of(*sums) * (model.dense[:, 2] - model.dense[:, 0])
    pulls: dict[str, float] = {}
    left = 0
    for word in words:
        if word not in pulls:
            [bucket] = buckets_of([hash_of(word)], BUCKETS).tolist()
            weight = model.weights[bucket]
            pulls[word] = scale.get(bucket, 0.0) * float(weight[2] - weight[0])
        if word in _NEGATIONS:
            left = _REACH
            continue
        valence = model.valences.get(hash_of(word), 0.0) * (_NEGATED if left else 1)
        left = max(0, left - 1)
        if valence:
            side = int(valence < 0)
            pulls[word] += abs(valence) / sums[side] * float(told[side])
    ordered = sorted((word, round(pull, 3)) for word, pull in pulls.items())
    return sorted(ordered, key=lambda pull: -abs(pull[1]))[:most]
