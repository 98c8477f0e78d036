"""Training of the model that tells what a post is, and its measurement on organisations left out of training.

Surprise: two kinds of labels meet. The posts of companies say only how a post speaks (it informs, urges, or answers a
person), the posts written for Rapport also what it is about; each teaches the outputs it knows.

How a crowd's labels are read: Information informs, Action is promotion, Dialogue is an answer. "Action" is wider than
promotion: every "read more" is one.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from models.fit import Array, balanced, fit, matrix, rarities, shown, write
from models.texts import unlike
from pipelines.text.content import ABOUT, BUCKETS, LINK, OUTPUTS, decided, features_of, is_addressed, offer_in
from pipelines.text.linear import FOLDER, Buckets, Floats
from pipelines.text.sentences import plain
from pipelines.text.shape import folded

POSTS = Path(__file__).parent / "posts"
STRENGTH = 3.0
SIGNS = 1.0
# How much a post counts whose label is not by hand, but told by its account or its words.
WEAK = 0.2
SPEAKS = {"Information": "informs", "Action": "promotion", "Dialogue": "answer"}
COMPANIES = {"Citi": "Citi", "CitigroupBRK": "Citi", "C_PR": "Citi", "Barclays": "Barclays",
             "barclayswealth": "Barclays", "Nestle": "Nestle", "DanoneGroup": "Danone"}  # fmt: skip
_HEALTH = re.compile(
    r"health|diet|obes|nutri|diabet|disease|cancer|medic|hospital|doctor|patient|child|baby|infant|allerg|vaccin|"
    r"sleep|fitness|exercis|weight|calor|sugar|vitamin|wellness|brain|heart"
)


class Lesson(NamedTuple):
    """A post with the outputs that are true of it and those that are known either way."""

    source: str
    text: str
    true: frozenset[str]
    known: frozenset[str]
    weight: float = 1.0


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def by_companies(folder: Path) -> list[Lesson]:
    """Return the crowd-labelled posts, one source a company; posts marked Exclude, mostly not English, are left out."""
    found = []
    for row in _rows(folder / "corporate_messaging" / "corporate_messaging.csv"):
        if row["category"] not in SPEAKS:
            continue
        speaks = SPEAKS[row["category"]]
        true, known = {speaks}, set(OUTPUTS[:3])
        # Companies seldom inform about health or a town; where no word says they do, it is something else.
        if speaks == "informs" and not _HEALTH.search(row["text"].lower()):
            true.add("other")
            known.add("health_information")
            known.add("other")
        found.append(Lesson(COMPANIES[row["screenname"]], row["text"], frozenset(true), frozenset(known)))
    return found


def by_news(folder: Path) -> list[Lesson]:
    """Return the posts of health news accounts: about health, whatever else they do."""
    return [
        Lesson("health news", row["text"], frozenset({"health_information"}), frozenset(ABOUT), WEAK)
        for row in _rows(folder / "health_news_tweets" / "sample_4000.csv")
    ]


def written() -> dict[str, list[Lesson]]:
    """Return the posts written for Rapport by batch. A line is `type TAB text`."""
    found: dict[str, list[Lesson]] = {}
    for path in sorted(POSTS.glob("batch_*.tsv")):
        found[path.stem] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            label, text = line.split("\t", 1)
            true = {label} if label in OUTPUTS[:3] else {"informs", label}
            known = frozenset(OUTPUTS[:3] if label in OUTPUTS[:3] else OUTPUTS)
            found[path.stem].append(Lesson(path.stem, text, frozenset(true), known))
    return found


class Prepared(NamedTuple):
    lesson: Lesson
    key: str
    buckets: Buckets
    signs: Floats
    offers: bool
    addressed: bool


def prepare(lessons: list[Lesson]) -> list[Prepared]:
    found = []
    for lesson in lessons:
        text = plain(lesson.text)
        key = folded(LINK.sub(" ", text)) or folded(text)
        found.append(Prepared(lesson, key, *features_of(text), offer_in(text) is not None, is_addressed(text)))
    return found


class Fitted(NamedTuple):
    weights: Array
    signs: Array
    bias: Array
    rarity: Floats

    def chances(self, posts: list[Prepared]) -> Array:
        rows = matrix([post.buckets for post in posts], self.rarity)
        signs = np.array([post.signs for post in posts], dtype=np.float64)
        return np.asarray(1 / (1 + np.exp(-(rows @ self.weights + signs @ self.signs + self.bias))))


def fitted(posts: list[Prepared]) -> Fitted:
    rarity = rarities([post.buckets for post in posts], BUCKETS)
    rows = matrix([post.buckets for post in posts], rarity)
    signs = np.array([post.signs for post in posts], dtype=np.float64) * SIGNS
    columns, of_signs, bias = [], [], []
    for output in OUTPUTS:
        known = np.array([output in post.lesson.known for post in posts])
        wanted = np.array([float(output in post.lesson.true) for post in posts])
        each = np.zeros(len(posts))
        counts = balanced(wanted[known]) if output in OUTPUTS[:3] else np.sqrt(balanced(wanted[known]))
        each[known] = counts * np.array([post.lesson.weight for post in posts])[known]
        weights, dense, constant = fit(rows, signs, wanted, STRENGTH, each)
        columns.append(weights)
        of_signs.append(dense * SIGNS)
        bias.append(constant)
    return Fitted(np.array(columns).T, np.array(of_signs).T, np.array(bias), rarity)


def said(model: Fitted, posts: list[Prepared]) -> list[str]:
    """Return the type of each post, as `content_of` decides."""
    return [
        "promotion" if post.offers else decided(chances, addressed=post.addressed)[0]
        for post, chances in zip(posts, model.chances(posts).tolist(), strict=True)
    ]


def truth(post: Prepared, *, speaks_only: bool) -> str:
    true = post.lesson.true
    if speaks_only or "informs" not in true:
        return next(output for output in OUTPUTS[:3] if output in true)
    return next(output for output in ABOUT if output in true)


def without(posts: list[Prepared], others: list[Prepared]) -> list[Prepared]:
    """Return the posts that, without their links, are none of the others over again."""
    kept = unlike([post.key for post in posts], [other.key for other in others])
    return [post for post, keep in zip(posts, kept, strict=True) if keep]


def agreement(said_: list[str], true: list[str]) -> dict[str, str]:
    """Return accuracy, macro-F1 over the classes there are, and each class's share found."""
    scores, found = [], {}
    for label in sorted(set(true)):
        both = sum(one == other == label for one, other in zip(said_, true, strict=True))
        there = true.count(label)
        scores.append(2 * both / max(1, there + said_.count(label)))
        found[f"{label} found"] = shown(both, there)
    right = sum(one == other for one, other in zip(said_, true, strict=True))
    return {
        "accuracy": shown(right, len(true)),
        "macro-F1": f"{np.mean(scores):.3f} over {len(scores)} classes",
        **found,
    }


def spoken(types: list[str]) -> list[str]:
    """Return the types as the crowd's labels: all that informs is one."""
    return ["informs" if each in ABOUT else each for each in types]


class Judged(NamedTuple):
    """What was said of posts, what they are, and the probabilities of all outputs (posts, outputs)."""

    said: list[str]
    true: list[str]
    chances: Array


def left_out(folder: Path) -> dict[str, Judged]:
    """Return, by company, what a model says of its posts that saw neither the company nor a copy of them."""
    companies, rest = prepare(by_companies(folder)), prepare(by_news(folder))
    ours = [post for batch in written().values() for post in prepare(batch)]
    found: dict[str, Judged] = {}
    for company in dict.fromkeys(COMPANIES.values()):
        test = [post for post in companies if post.lesson.source == company]
        taught = [post for post in companies if post.lesson.source != company]
        model = fitted(without([*taught, *rest, *ours], test))
        true = [truth(post, speaks_only=True) for post in test]
        found[company] = Judged(spoken(said(model, test)), true, model.chances(test))
    return found


def train(folder: Path, target: Path = FOLDER, *, say: Any = print) -> dict[str, Any]:
    """Measure on companies that were left out in turn and on each written batch, then train on everything."""
    everything = prepare([*by_companies(folder), *by_news(folder)])
    measured: dict[str, Any] = {}
    by_company = left_out(folder)
    for company, (given, true, _) in by_company.items():
        measured[f"posts of {company}, which was left out, as informing, promotion or answer"] = agreement(given, true)
    pooled = [[one for pair in by_company.values() for one in pair[side]] for side in (0, 1)]
    measured["posts of all companies, each left out in turn"] = agreement(pooled[0], pooled[1])
    for name, lessons in written().items():
        batch = prepare(lessons)
        given = said(fitted(without(everything, batch)), batch)
        measured[f"written posts, {name}, by what was trained before it"] = agreement(
            given, [truth(post, speaks_only=False) for post in batch]
        )
        everything = [*everything, *batch]
    say(f"content: {measured}")
    model = fitted(everything)
    sources = [post.lesson.source for post in everything]
    card = {
        "what": "what a post in English is; a rule on prices and offers comes before it",
        "data": [{"source": source, "posts": sources.count(source)} for source in dict.fromkeys(sources)],
        "licences": "public domain, CC BY 4.0 (UCI Health News in Twitter, Karami et al. 2017), Apache-2.0; "
        "see models/manifest.toml",
        "settings": {"buckets": BUCKETS, "strength": STRENGTH, "weak labels count": WEAK},
        "labels": SPEAKS,
        "measured": measured,
        "weaknesses": [
            "No labelled posts of practices were at hand. Those of the practices' kind are invented, by one author.",
            "What companies were labelled for is wider than promotion: a link with 'read more' is often called that.",
            "Recognition of a person who is named with @ is called an answer.",
        ],
    }
    write(target, "content", model.weights, model.signs, model.bias, model.rarity, card)
    return measured
