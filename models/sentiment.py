"""Training of the sentiment model, and its measurement on sources that were left out of training.

Surprise: the classes count by the root of their balance. Unbalanced, indifference is never said; fully balanced, it is
said far too often; text near the middle decides nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from models.fit import Array, balanced, fit, matrix, rarities, shown, write
from models.texts import NEGATIVE, Labelled, comments, snippets, surveys, without
from pipelines.text.linear import FOLDER, Buckets, Floats, buckets_of, hash_of
from pipelines.text.sentences import plain, words_of
from pipelines.text.sentiment import BUCKETS, OUTPUTS, UNSURE_BELOW, grams_of, sound_of, valences_of

STRENGTH = 1.0
# What each gave on the five sets, left out in turn: accuracy, then the calibration error.
TRIED = {
    "with six sums of the valences (three are shipped, at most 0.002 from these)": "0.846, 0.851, 0.792, 0.664, 0.641; "
    "0.118, 0.130, 0.041, 0.075, 0.026",
    "without the valences of words": "0.853, 0.860, 0.778, 0.608, 0.587; 0.155, 0.129, 0.063, 0.061, 0.087",
    "VADER's own compound in place of their sums": "0.843, 0.847, 0.793, 0.668, 0.653; it would be needed at every run",
    "log-odds stretched by what suits the four other sets (1.1 to 1.3)": "the same accuracy; 0.096, 0.045, 0.045, "
    "0.053, 0.041. Two sets lose, half of the unsure ones become sure, and those are wrong oftener: not taken",
    "neutral counts twice and three times": "more neutral ones found, accuracy 0.820 and 0.758 on Trust A: not taken",
}


class Prepared(NamedTuple):
    """What a model sees of texts: their buckets, and how their words sound (`sound_of`, one row a text)."""

    buckets: list[Buckets]
    sounds: Array


class Fitted(NamedTuple):
    weights: Array
    dense: Array
    bias: Array
    rarity: Floats

    def shares(self, texts: Prepared) -> Array:
        """Return the probabilities of the three classes, scaled to sum to one."""
        margins = matrix(texts.buckets, self.rarity) @ self.weights + texts.sounds @ self.dense + self.bias
        chances = 1 / (1 + np.exp(-margins))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


@cache
def valences() -> dict[int, float]:
    """Return VADER's list by `hash_of`, without what is no word to `words_of`: emoticons, and words with signs."""
    listed = SentimentIntensityAnalyzer().lexicon
    return {hash_of(word): float(np.float16(valence)) for word, valence in listed.items() if words_of(word) == [word]}


def sums_of(text: str) -> tuple[float, float]:
    """Return how much praise and blame the words of a text are by themselves."""
    return valences_of(words_of(plain(text)), valences())


def prepare(texts: Sequence[Labelled]) -> Prepared:
    words = [words_of(plain(text.text)) for text in texts]
    sounds = [sound_of(*sums_of(text.text)) for text in texts]
    return Prepared([buckets_of(grams_of(each), BUCKETS) for each in words], np.array(sounds, dtype=np.float64))


def fitted(texts: Prepared, labels: Sequence[int]) -> Fitted:
    rarity = rarities(texts.buckets, BUCKETS)
    rows = matrix(texts.buckets, rarity)
    truth = np.array(labels)
    columns, dense, bias = [], [], []
    for output in range(len(OUTPUTS)):
        wanted = (truth == output).astype(np.float64)
        weights, sounds, constant = fit(rows, texts.sounds, wanted, STRENGTH, np.sqrt(balanced(wanted)))
        columns.append(weights)
        dense.append(sounds)
        bias.append(constant)
    return Fitted(np.array(columns).T, np.array(dense).T, np.array(bias), rarity)


def judged(shares: Array, labels: Sequence[int], unsure_below: float = UNSURE_BELOW) -> dict[str, str]:
    """Return accuracy, macro-F1, shares of negative ones found and of "not sure", as `sentiment.decided` decides."""
    truth = np.array(labels)
    best = shares.argmax(axis=1)
    sure = (best == NEGATIVE) | (shares.max(axis=1) >= unsure_below)
    right = best == truth
    scores = []
    for output in sorted(set(labels)):
        both = int(((best == output) & (truth == output) & sure).sum())
        said, there = int(((best == output) & sure).sum()), int(((truth == output) & sure).sum())
        scores.append(2 * both / max(1, said + there))
    negative = truth == NEGATIVE
    return {
        "accuracy without unsure": shown(int(right.sum()), len(truth)),
        "accuracy of the sure": shown(int((right & sure).sum()), int(sure.sum())),
        "macro-F1 of the sure": f"{np.mean(scores):.3f} over {len(scores)} classes",
        "negative ones found, of the sure": shown(int((right & negative & sure).sum()), int((negative & sure).sum())),
        "not sure": shown(int((~sure).sum()), len(truth)),
    }


GROUPS: dict[str, tuple[str, ...]] = {
    "Trust A": ("Trust A",), "Trust C": ("Trust C",), "survey 2023 and 2024": ("fft_2023", "fft_2024"),
    "Amazon snippets": ("amazonReviewSnippets", "amazon_cells"), "film snippets": ("movieReviewSnippets", "imdb"),
}  # fmt: skip


def everything(folder: Path) -> list[Labelled]:
    return [*comments(folder), *surveys(folder), *snippets(folder)]


def left_out(folder: Path) -> Iterator[tuple[str, list[Labelled], Array]]:
    """Yield each group of sources with its texts and the shares a model gives them that saw none of them nor a copy."""
    texts = everything(folder)
    for name, sources in GROUPS.items():
        test = [text for text in texts if text.source in sources]
        rest = without([text for text in texts if text.source not in sources], test)
        model = fitted(prepare(rest), [text.label for text in rest])
        yield name, test, model.shares(prepare(test))


def train(folder: Path, target: Path = FOLDER, *, say: Any = print) -> dict[str, Any]:
    """Train on everything, after measuring each source by a model that saw neither it nor a copy."""
    measured = {}
    for name, test, shares in left_out(folder):
        measured[name] = judged(shares, [text.label for text in test])
        say(f"sentiment, without {name}: {measured[name]}")
    texts = everything(folder)
    model = fitted(prepare(texts), [text.label for text in texts])
    card = {
        "what": "sentiment of a text or sentence in English: negative, neutral, positive; never from stars",
        "data": [
            {"source": source, "texts": sum(text.source == source for text in texts)}
            for source in dict.fromkeys(text.source for text in texts)
        ],
        "licences": "MIT and CC BY 4.0; see models/manifest.toml. The valences of words are those of VADER "
        "(MIT, Copyright 2016 C.J. Hutto)",
        "settings": {
            "buckets": BUCKETS,
            "strength": STRENGTH,
            "unsure below": UNSURE_BELOW,
            "words with a valence": len(valences()),
        },
        "tried": TRIED,
        "measured": measured,
        "weaknesses": [
            "Neutral is learnt from few texts, mostly film snippets: it is the class that is most often wrong.",
            "'Nothing' is praise as an answer to what could be better, and a complaint as one to what was good; "
            "the question is not read.",
            "Irony, and praise of one thing inside a complaint about another, unless in different sentences.",
            "The strength of the penalty was chosen among three settings on the sets that it is measured by.",
            "The survey's texts are labelled by the rating beside them, which is not always what they say.",
        ],
    }
    write(target, "sentiment", model.weights, model.dense, model.bias, model.rarity, card, valences())
    return measured
