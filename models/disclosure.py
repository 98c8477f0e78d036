"""Training of the trained part of the disclosure check, from replies written for it, and its honest measurement.

Surprise: every batch of replies was first a test of what was trained on those before it; `curve` repeats that for the
trained part, and the rules' own first results are kept in `FIRST_RESULTS`, because rules cannot be unlearnt.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from models.fit import Array, balanced, fit, matrix, rarities, shown, write
from pipelines.text.disclosure import GREEN_BELOW, THRESHOLD
from pipelines.text.disclosure.rules import rule_findings
from pipelines.text.disclosure.sentence import read
from pipelines.text.disclosure.trained import BUCKETS, model_features
from pipelines.text.disclosure.verdicts import CLASSES
from pipelines.text.linear import FOLDER, Buckets, Floats
from pipelines.text.sentences import plain, sentences_of

REPLIES = Path(__file__).parent / "replies"
STRENGTH = 4.0
# The signs are many and always there; at half their size they do not drown the words.
SIGNS = 0.5
# What the rules and the model of that day gave on each batch before its author changed anything.
FIRST_RESULTS: dict[str, dict[str, str]] = {
    "batch_1": {"rules": "27 of 54 flagged, 2 of 49 safe ones flagged, 6 green, 0 violating green"},
    "batch_2": {"rules": "27 of 54 flagged, 2 of 46 safe ones flagged, 4 green, 0 violating green"},
    "batch_3": {
        "rules": "31 of 50 flagged, 2 of 50 safe ones flagged, 10 green, 1 violating green",
        "rules or model": "43 of 50 flagged, 9 of 50 safe ones flagged, at a threshold chosen after looking at it",
    },
    "batch_4": {
        "rules": "31 of 50 flagged, 4 of 50 safe ones flagged, 9 green, 1 violating green",
        "rules or model": "43 of 50 flagged, 5 of 50 safe ones flagged",
    },
    "batch_5": {
        "the whole check": "29 of 30 flagged, 2 of 30 safe ones flagged, 13 green, 0 violating green",
    },
    "batch_6": {
        "the whole check": "68 of 73 flagged, 8 of 59 safe ones flagged, 17 green, 0 violating green",
    },
    "batch_7": {
        "the whole check": "32 of 34 flagged, 1 of 29 safe ones flagged, 17 green, 0 violating green",
    },
    "batch_8": {
        "the whole check": "32 of 38 flagged, 5 of 31 safe ones flagged, 8 green, 0 violating green",
    },
    "batch_9": {
        "the whole check": "30 of 32 flagged, 4 of 29 safe ones flagged, 7 green, 0 violating green",
    },
    # Written against what had just been changed for the two before it: some lines are made of its harmless words.
    "batch_10": {
        "the whole check": "20 of 24 flagged, 3 of 20 safe ones flagged, 9 green, 1 violating green",
    },
}


class Reply(NamedTuple):
    codes: frozenset[str]
    text: str


class Prepared(NamedTuple):
    violating: bool
    features: list[tuple[Buckets, Floats]]
    by_rule: bool
    generic: bool


def read_batches() -> dict[str, list[Reply]]:
    """Return the written replies by batch, oldest first. A line is `codes TAB text`; `-` for none."""
    found: dict[str, list[Reply]] = {}
    for path in sorted(REPLIES.glob("batch_*.tsv"), key=lambda path: int(path.stem.removeprefix("batch_"))):
        found[path.stem] = [
            Reply(frozenset(codes.split(",")) - {"-"}, text)
            for codes, text in (line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
        ]
        unknown = {code for reply in found[path.stem] for code in reply.codes} - set(CLASSES)
        if unknown:
            raise ValueError(f"{path.name} has classes that do not exist: {sorted(unknown)}")
    return found


def read_domain(path: Path) -> list[Reply]:
    """Return the replies that came with the task: JSON lines with `labels` and `text`."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Reply(frozenset(label.split("_")[0] for label in row["labels"]), row["text"]) for row in rows]


def prepare(replies: list[Reply]) -> list[Prepared]:
    found = []
    for reply in replies:
        sentences = [read(sentence) for sentence in sentences_of(plain(reply.text))]
        ruled = [rule_findings(sentence) for sentence in sentences]
        found.append(
            Prepared(
                bool(reply.codes),
                [model_features(sentence) for sentence in sentences],
                any(findings for findings, _ in ruled),
                all(generic for _, generic in ruled),
            )
        )
    return found


class Fitted(NamedTuple):
    weights: Array
    signs: Array
    bias: float
    rarity: Floats

    def probability(self, reply: Prepared) -> float:
        """Return the highest probability of a reply's sentences."""
        rows = matrix([buckets for buckets, _ in reply.features], self.rarity)
        margins = rows @ self.weights + np.array([signs for _, signs in reply.features]) @ self.signs + self.bias
        return float(1 / (1 + np.exp(-margins.max())))


def fitted(replies: list[Prepared]) -> Fitted:
    """Fit on sentences; a sentence has the label of its reply, which is wrong for some and was not seen to matter."""
    features = [feature for reply in replies for feature in reply.features]
    wanted = np.array([float(reply.violating) for reply in replies for _ in reply.features])
    rarity = rarities([buckets for buckets, _ in features], BUCKETS)
    rows: csr_matrix = matrix([buckets for buckets, _ in features], rarity)
    signs = np.array([signs for _, signs in features], dtype=np.float64) * SIGNS
    weights, of_signs, bias = fit(rows, signs, wanted, STRENGTH, balanced(wanted))
    return Fitted(weights, of_signs * SIGNS, bias, rarity)


def outcome(model: Fitted, replies: list[Prepared], threshold: float = THRESHOLD) -> dict[str, tuple[int, int]]:
    """Return what `judge` would say, counted: (found, of)."""
    chances = [model.probability(reply) for reply in replies]
    green = [
        reply.generic and not reply.by_rule and chance < GREEN_BELOW
        for reply, chance in zip(replies, chances, strict=True)
    ]
    flagged = [
        reply.by_rule or (chance > threshold and not reply.generic)
        for reply, chance in zip(replies, chances, strict=True)
    ]
    bad = [number for number, reply in enumerate(replies) if reply.violating]
    safe = [number for number, reply in enumerate(replies) if not reply.violating]
    return {
        "violating ones flagged": (sum(flagged[number] for number in bad), len(bad)),
        "safe ones flagged": (sum(flagged[number] for number in safe), len(safe)),
        "violating ones called generic": (sum(green[number] for number in bad), len(bad)),
        "safe ones called generic": (sum(green[number] for number in safe), len(safe)),
        "violating ones the model alone finds": (sum(chances[number] > threshold for number in bad), len(bad)),
        "safe ones the model alone flags": (sum(chances[number] > threshold for number in safe), len(safe)),
    }


def curve(domain: list[Reply]) -> dict[str, dict[str, str]]:
    """Return, for each batch, what a model trained on everything before it says of it (with today's rules)."""
    before = prepare(domain)
    found = {}
    for name, replies in read_batches().items():
        batch = prepare(replies)
        found[name] = {key: shown(*value) for key, value in outcome(fitted(before), batch).items()}
        before += batch
    return found


def cross_validated(replies: list[Prepared], folds: int = 5) -> dict[str, tuple[int, int]]:
    """Return `outcome` summed over folds; every reply is judged by a model that has not seen it."""
    total: dict[str, tuple[int, int]] = {}
    for fold in range(folds):
        model = fitted([reply for number, reply in enumerate(replies) if number % folds != fold])
        for key, (found, of) in outcome(model, replies[fold::folds]).items():
            held = total.get(key, (0, 0))
            total[key] = (held[0] + found, held[1] + of)
    return total


def train(domain: list[Reply], folder: Path = FOLDER) -> dict[str, Any]:
    """Train on all replies, write the model and its card, and return the card's figures."""
    everything = prepare(domain) + [reply for batch in read_batches().values() for reply in prepare(batch)]
    model = fitted(everything)
    measured = {
        "first look at each batch, before anything was changed": FIRST_RESULTS,
        "each batch by a model trained on those before it, today's rules": curve(domain),
        "five folds over everything; the rules have seen all of it": {
            key: shown(*value) for key, value in cross_validated(everything).items()
        },
    }
    card = {
        "what": "probability that a sentence of a practice's reply discloses something; read together with the rules",
        "data": [
            {"name": "replies of the task", "replies": len(domain), "licence": "synthetic, given with the task"},
            {
                "name": f"replies written for Rapport, {len(FIRST_RESULTS)} batches",
                "replies": len(everything) - len(domain),
                "licence": "Apache-2.0",
            },
        ],
        "settings": {"buckets": BUCKETS, "strength": STRENGTH, "threshold": THRESHOLD, "green below": GREEN_BELOW},
        "measured": measured,
        "weaknesses": [
            "All replies are invented, by few authors; real ones will be judged worse.",
            "A reply in which a thing is told only by hints ('that one', 'those front six') is often missed.",
            "English only. Names are told by their capital letter: a reply in lower case hides them.",
            "Friendly sentences about the office with a word not on the harmless list are not green.",
        ],
    }  # fmt: skip
    write(
        folder, "disclosure", model.weights[:, None], model.signs[:, None], np.array([model.bias]), model.rarity, card
    )
    return measured
