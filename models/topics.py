"""Training of the topics model, from patterns on real texts and a stated table of the NHS's own labels.

Surprise: half of the lessons have the words taken out by which the pattern was found, so that the model learns what
stands around them and not the patterns over again.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from models.fit import Array, balanced, fit, matrix, rarities, shown, wilson, write
from models.texts import unlike
from pipelines.text.linear import FOLDER, Buckets, Floats
from pipelines.text.sentences import plain, sentences_of, words_of
from pipelines.text.shape import folded
from pipelines.text.topics import BUCKETS, SURE, TOPICS, alerts_of, buckets_for, clauses_of, patterns_in, topics_of

STRENGTH = 2.0
LONGEST = 30
GOLD = Path(__file__).parent / "topics_gold.tsv"
LEAST_PRECISION = 0.6
_SIGN = {"positive": "+", "negative": "-"}
# What patterns and the model of that day gave on the invented sentences before their author changed anything.
FIRST_RESULT = "36 labels right, 18 missed, 16 wrong (F1 0.68); 31 of the 36 with the right polarity"
# How many pattern-labelled clauses one hand-labelled comment counts for.
BY_HAND = 4.0
# Which of our topics an NHS label tells. Labels that tell none, or several, are not in it: "Staff: General",
# "Communication", "Care received" and others.
NHS_LABELS: dict[str, str] = {
    "Attitude Of Staff": "bedside_manner",
    "Listening": "bedside_manner",
    "Dignity: General": "bedside_manner",
    "Emotional care": "bedside_manner",
    "Amount/clarity of information": "explanation_consent",
    "Involvement: Of Service Users/Patients": "explanation_consent",
    "Professionalism/Competence Of Staff": "skill_diagnosis",
    "Time spent waiting for first appt/referral/service": "scheduling_access",
    "Time spent waiting between appointments": "scheduling_access",
    "1-2-1 care/Time spent with service user": "time_with_clinician",
    "Cleanliness": "cleanliness_safety",
    "Facilities/equipment": "facility_comfort",
    "Environment/ facilities": "facility_comfort",
    "Parking/transport": "facility_comfort",
    "Location": "facility_comfort",
    "Food": "facility_comfort",
    "Made A Difference To My Life": "results_outcome",
    "Carer support": "children_family",
    "Involvement: Of Family And Carers": "children_family",
    "Transition And Discharge": "follow_up",
    "Coordination/Integration Of Care": "follow_up",
    "Consistency/Continuity of care": "follow_up",
    "Everything was good/bad": "global_recommend",
}


class Lesson(NamedTuple):
    source: str
    key: str
    words: list[str]
    topics: frozenset[str]
    unknown: frozenset[str]
    by_hand: str


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def lessons(folder: Path) -> list[Lesson]:
    """Return the clauses of the comments and surveys with their topics; a copy has the matched words taken out."""
    found: list[Lesson] = []
    texts = [
        (row["organization"], row["feedback"], NHS_LABELS.get(row["subcategory"], ""))
        for row in _rows(folder / "pxtextmining_nhs" / "phase1_text_data.csv")
    ]
    for name in ("fft_2023", "fft_2024"):
        for row in _rows(folder / "nhs_gp_fft" / f"{name}.csv"):
            texts += [(name, row["free_text"], ""), (name, row["do_better"], "")]
    seen: set[tuple[str, str, str]] = set()
    for source, text, label in texts:
        clauses = [clause for sentence in sentences_of(plain(text)) for clause in clauses_of(sentence)]
        if (source, folded(text), label) in seen:
            continue
        seen.add((source, folded(text), label))
        for clause in clauses:
            matched = patterns_in(clause)
            words = words_of(clause)
            # A hand label is of the whole comment: it is a lesson only where the comment is one clause.
            by_hand = label if len(clauses) == 1 and len(words) <= LONGEST else ""
            topics = frozenset(matched) | ({by_hand} if by_hand else frozenset())
            # The label is single, so a comment with one may be about more than it says.
            unknown = frozenset() if not label or by_hand else frozenset({label} - topics)
            found.append(Lesson(source, folded(text), words, topics, unknown, by_hand))
            for topic, (_, start, end) in matched.items():
                rest = words_of(clause[:start] + " " + clause[end:])
                if len(rest) >= 4:
                    found.append(Lesson(source, folded(text), rest, topics, frozenset(TOPICS) - {topic}, ""))
    return found


class Fitted(NamedTuple):
    weights: Array
    bias: Array
    rarity: Floats

    def chances(self, texts: Sequence[Buckets]) -> Array:
        return np.asarray(1 / (1 + np.exp(-(matrix(texts, self.rarity) @ self.weights + self.bias))))


def fitted(taught: Sequence[Lesson]) -> Fitted:
    hashed = [buckets_for(lesson.words) for lesson in taught]
    rarity = rarities(hashed, BUCKETS)
    rows = matrix(hashed, rarity)
    by_hand = np.array([BY_HAND if lesson.by_hand else 1.0 for lesson in taught])
    columns, bias = [], []
    for topic in TOPICS:
        known = np.array([topic not in lesson.unknown for lesson in taught])
        wanted = np.array([float(topic in lesson.topics) for lesson in taught])
        each = np.where(known, np.sqrt(balanced(wanted)), 0.0) * by_hand
        weights, _, constant = fit(rows, np.zeros((len(taught), 0)), wanted, STRENGTH, each)
        columns.append(weights)
        bias.append(constant)
    return Fitted(np.array(columns).T, np.array(bias), rarity)


def measure(model: Fitted, test: Sequence[Lesson], pooled: dict[str, list[int]], sure: float = SURE) -> dict[str, str]:
    """Return, by topic, how many hand-labelled one-clause comments are found; add (right, said) to `pooled`.

    The hand label is the one main topic, so a second topic that is truly there counts as wrong: the shares of right
    ones are lower bounds.
    """
    labelled = [lesson for lesson in test if lesson.by_hand]
    chances = model.chances([buckets_for(lesson.words) for lesson in labelled])
    found = {}
    hits = saids = theres = 0
    for column, topic in enumerate(TOPICS):
        there = np.array([lesson.by_hand == topic for lesson in labelled])
        pattern = np.array([topic in patterns_in(" ".join(lesson.words)) for lesson in labelled])
        said = pattern | (chances[:, column] >= sure)
        counts = pooled.setdefault(topic, [0, 0])
        counts[0] += int((there & said).sum())
        counts[1] += int(said.sum())
        if there.sum() >= 10:
            hits, saids, theres = hits + int((there & said).sum()), saids + int(said.sum()), theres + int(there.sum())
            found[topic] = (
                f"found {shown(int((there & said).sum()), int(there.sum()))}, by patterns alone "
                f"{int((there & pattern).sum())}; right {shown(int((there & said).sum()), int(said.sum()))}"
            )
    found["micro-F1 of these topics"] = f"{2 * hits / max(1, saids + theres):.3f}"
    return found


def apart(lessons: Sequence[Lesson], test: Sequence[Lesson]) -> list[Lesson]:
    """Return the lessons whose whole text is none of the tested ones over again."""
    keys = sorted({lesson.key for lesson in lessons})
    kept = dict(zip(keys, unlike(keys, {lesson.key for lesson in test}), strict=True))
    return [lesson for lesson in lessons if kept[lesson.key]]


def gold() -> list[tuple[frozenset[str], str]]:
    """Return the invented sentences with the topics, polarities and alerts that a person would give them."""
    lines = (line.split("\t") for line in GOLD.read_text(encoding="utf-8").splitlines())
    return [(frozenset(labels.split(",")) - {"-"}, text) for labels, text in lines]


def measured_on_gold() -> dict[str, int]:
    """Return how many labels of the invented sentences the packaged patterns and weights find, miss and add."""
    found = {"right": 0, "missed": 0, "wrong": 0, "right with their polarity": 0}
    for wanted, text in gold():
        sentences = sentences_of(plain(text))
        given = {topic.topic + _SIGN.get(topic.polarity, "") for topic in topics_of(sentences)}
        given |= {alert for alert, _ in alerts_of(sentences)}
        there, said = ({label.rstrip("+-") for label in labels} for labels in (wanted, given))
        found["right"] += len(there & said)
        found["missed"] += len(there - said)
        found["wrong"] += len(said - there)
        found["right with their polarity"] += len(wanted & given)
    return found


def train(folder: Path, target: Path = FOLDER, *, say: Any = print) -> dict[str, Any]:
    """Measure on two trusts that were left out in turn, then train on everything and write the model and its card."""
    everything = lessons(folder)
    measured: dict[str, Any] = {}
    pooled: dict[str, list[int]] = {}
    for trust in ("Trust A", "Trust C"):
        test = [lesson for lesson in everything if lesson.source == trust]
        taught = apart([lesson for lesson in everything if lesson.source != trust], test)
        measured[f"hand-labelled comments of {trust}, which was left out"] = measure(fitted(taught), test, pooled)
        say(f"topics, without {trust}: {measured[f'hand-labelled comments of {trust}, which was left out']}")
    model = fitted(everything)
    measured[f"{len(gold())} invented sentences, difficult on purpose, at first sight"] = FIRST_RESULT
    card = {
        "what": "topics of a clause in English, read together with the patterns; alerts are patterns alone",
        "data": [
            {"source": source, "clauses": sum(lesson.source == source for lesson in everything)}
            for source in dict.fromkeys(lesson.source for lesson in everything)
        ],
        "licences": "MIT; see models/manifest.toml",
        "settings": {"buckets": BUCKETS, "strength": STRENGTH, "sure": SURE},
        "labels": NHS_LABELS,
        "reported": [topic for topic, (right, said) in pooled.items() if wilson(right, said)[0] >= LEAST_PRECISION],
        "measured": measured,
        "weaknesses": [
            "Most lessons are labelled by the patterns, so what the patterns never see is seldom learnt.",
            "The hand labels are of hospitals, one a comment, and another set of topics; no set with our nineteen "
            "topics was there. Prices, insurance, overtreatment and results of dental work are in no labelled text.",
            "Staff in general are read as bedside manner, not as front desk.",
            "Alerts were measured on nothing but invented sentences.",
        ],
    }
    write(target, "topics", model.weights, np.zeros((0, len(TOPICS))), model.bias, model.rarity, card)
    return measured
