"""How a text and each of its sentences sound: positive, neutral, negative, or unsure; English, and never from stars.

Surprise: "unsure" is said of doubtful praise and doubtful indifference only. A text that leans to a complaint is called
negative, because a complaint that nobody sees costs more than one that turns out to be none.

Beside the words that were learnt stands how words sound by themselves, by the list of VADER (Hutto and Gilbert 2014):
it carries over to texts about anything, for which nothing was taught. Where the model doubts about a post or comment,
VADER itself is asked, which hears emoji, emoticons, capitals and exclamation marks too; if the two contradict each
other, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from math import sqrt
from typing import Final, Literal

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from pipelines.text.linear import Floats, buckets_of, hash_of, load, probabilities, weighted, word_grams
from pipelines.text.sentences import words_of

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
HEARD_BY: Final = f"vader-{version('vaderSentiment')}"
# VADER takes the square of a text's length in time.
_LONGEST_HEARD: Final = 2_000
# Where somebody is found, or who is spoken to, is no feeling, whatever words it is made of.
_ADDRESS: Final = re.compile(r"https?://\S+|(?<!\w)@\w+")
# What may sound by itself: a word, or a run of signs such as an emoticon, emoji or exclamation marks.
_PIECE: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]+")


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
    """A judgement: `score` is P(positive) minus P(negative), -1 to 1; `sure` the probability of the likeliest class."""

    sentiment: Sentiment
    score: float
    sure: float


@dataclass(frozen=True)
class Heard:
    """A judgement on a post or comment: `heard` is VADER's compound, -1 to 1, and `asks` whether it ends in a question.

    `score` is the model's where that is sure, else the mean of it and of what VADER hears.
    """

    sentiment: Sentiment
    score: float
    sure: float
    heard: float
    asks: bool


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


def sound_of(praise: float, blame: float) -> Floats:
    """Return what the model is told of these sums: either brought to 0 to 1, and whether there is neither."""
    return np.array([_spread(praise), _spread(blame), not praise and not blame], dtype=np.float32)


def decided(chances: np.ndarray[tuple[int], np.dtype[np.float32]], unsure_below: float = UNSURE_BELOW) -> Mood:
    """Return the judgement from the three one-against-rest probabilities, scaled to sum to one."""
    shares = chances / chances.sum()
    best = int(shares.argmax())
    score = round(float(shares[2] - shares[0]), 4)
    sure = round(float(shares[best]), 4)
    return Mood(OUTPUTS[best] if best == 0 or sure >= unsure_below else "unsure", score, sure)


def mood_of(words: Sequence[str]) -> Mood:
    """Return the judgement on the words (`words_of`) of a text or sentence; `NOTHING` where there is no word."""
    if not words:
        return NOTHING
    model = load("sentiment")
    sounds = sound_of(*valences_of(words, model.valences))
    return decided(probabilities(model.margins(buckets_of(grams_of(words), BUCKETS), sounds)))


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def heard_in(text: str) -> float:
    """Return VADER's compound of a text, -1 to 1; of a long one that of its first `_LONGEST_HEARD` characters."""
    return float(_vader().polarity_scores(text[:_LONGEST_HEARD])["compound"])


def heard(text: str, mood: Mood) -> Heard:
    """Return the judgement on a post or comment or one of their sentences (`plain`), whose words have this mood."""
    if _ADDRESS.search(text):
        mood = mood_of(words_of(_ADDRESS.sub(" ", text)))
    return together(mood, heard_in(text), asks=ends_in_question(text))


def together(mood: Mood, compound: float, *, asks: bool) -> Heard:
    """Return what the model's judgement and VADER's compound say together.

    The model decides where it is sure, and else VADER, unless they lean to different sides. Friendly words that end in
    a question ask for something and praise nothing.
    """
    said, score = mood.sentiment, mood.score
    if mood.sure < UNSURE_BELOW:
        score = round((mood.score + compound) / 2, 4)
        if abs(compound) < _NO_FEELING:
            said = "neutral"
        elif compound * mood.score < 0:
            said = "unsure"
        else:
            said = "positive" if compound > 0 else "negative"
    return Heard("neutral" if asks and said == "positive" else said, score, mood.sure, compound, asks)


def ends_in_question(text: str) -> bool:
    """Return whether a text ends in a question, but for links and handles."""
    return _ADDRESS.sub(" ", text).rstrip().endswith("?")


def sounds_in(text: str, most: int = 5) -> list[tuple[str, float]]:
    """Return the words, emoji and signs by which VADER hears most, with what its compound would lose without them.

    For `--explain` only, never stored.
    """
    text = text[:_LONGEST_HEARD]
    whole = heard_in(text)
    pulls: dict[str, float] = {}
    for piece in _PIECE.finditer(text):
        if "!" in piece.group() or heard_in(piece.group()):
            rest = text[: piece.start()] + " " + text[piece.end() :]
            pulls[piece.group()] = pulls.get(piece.group(), 0.0) + round(whole - heard_in(rest), 3)
    return sorted(((piece, pull) for piece, pull in pulls.items() if pull), key=lambda each: -abs(each[1]))[:most]


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
