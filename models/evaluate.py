"""Measure every judgement and write docs/accuracy.md: `make evaluate`. Nothing is trained for use here.

Surprise: a model is never asked about a source it was taught, nor about a copy of a text it was taught; what is shipped
was taught everything, so the figures are of its younger siblings.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import gt
from pathlib import Path
from typing import Any

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
# And one way of summing, whatever the processor could do: by itself NumPy takes the widest registers there are.
os.environ["OPENBLAS_CORETYPE"] = "Haswell"

import numpy as np  # noqa: E402
from afinn import Afinn  # noqa: E402
from scipy.stats import binomtest  # noqa: E402
from textblob import TextBlob  # noqa: E402
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: E402

from models import content, disclosure, sentiment, topics  # noqa: E402
from models.fit import Array, shown  # noqa: E402
from models.measures import (  # noqa: E402
    ByClass,
    accuracy,
    by_class,
    calibration,
    calibration_table,
    class_table,
    macro_f1,
    number,
    roc_auc,
)
from models.social import Social, files_of, measured, read_social  # noqa: E402
from models.texts import MANIFEST, NEGATIVE, Labelled, Missing, data_folder, sources  # noqa: E402
from pipelines.text.acts import acts_of  # noqa: E402
from pipelines.text.attribution import named_sources  # noqa: E402
from pipelines.text.claims import claims_of  # noqa: E402
from pipelines.text.content import OUTPUTS as CONTENT_OUTPUTS  # noqa: E402
from pipelines.text.disclosure import GREEN_BELOW, THRESHOLD  # noqa: E402
from pipelines.text.disclosure.verdicts import CLASSES  # noqa: E402
from pipelines.text.judgements import judgements, not_checked_because  # noqa: E402
from pipelines.text.language import language_of  # noqa: E402
from pipelines.text.linear import FOLDER as WEIGHTS  # noqa: E402
from pipelines.text.offline import offers_of  # noqa: E402
from pipelines.text.repeats import twins  # noqa: E402
from pipelines.text.sentences import plain, sentences_of, words_of  # noqa: E402
from pipelines.text.sentiment import OUTPUTS, UNSURE_BELOW, balance_of, is_plain, mood_of  # noqa: E402
from pipelines.text.topics import SURE, TOPICS, buckets_for, patterns_in  # noqa: E402
from pipelines.text.usefulness import in_steps  # noqa: E402

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "accuracy.md"
COMMENTS = Path(__file__).parent / "comments_gold.tsv"
CLAIMS = Path(__file__).parent / "claims_gold.tsv"
OFFERS = Path(__file__).parent / "offline_gold.tsv"
USEFULNESS = Path(__file__).parent / "usefulness_gold.tsv"
FEWEST_LABELS = 50
FOLDS = 5
ENGINE_HEAD = ("", "accuracy", "macro-F1", "precision of negative", "recall of negative", "ROC-AUC")
# How far from nothing a score must be, as each list's authors or its documents say.
VADER_CUT = 0.05


def inputs_hash(folder: Path) -> str:
    """Return a hash of everything the page depends on: data, lessons, training, judgements and weights."""
    held = hashlib.sha256()
    files = [file for source in sources() for file in _files(folder / source["file"])]
    files += [file for source in measured().values() for file in files_of(folder, source)]
    files.append(folder.parent / "domain" / "replies.jsonl")
    for root in (MANIFEST.parent, WEIGHTS.parent):
        files += sorted(path for path in root.rglob("*") if path.suffix in (".py", ".tsv", ".toml", ".npz"))
    for file in files:
        held.update(file.name.encode())
        held.update(file.read_bytes())
    return held.hexdigest()


def _files(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else [path]


def _labels(path: Path) -> list[tuple[frozenset[str], str]]:
    lines = (line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return [(frozenset(labels.split(",")) - {"-"}, text) for labels, text in lines]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]


# --- Sentiment --------------------------------------------------------------------------------------------------------
class _Lists:
    """The three word lists, each giving (class, score): the score only has an order."""

    def __init__(self) -> None:
        self._vader, self._afinn = SentimentIntensityAnalyzer(), Afinn()

    def judged(self, text: str) -> dict[str, tuple[str, float]]:
        vader = float(self._vader.polarity_scores(text)["compound"])
        # Its own analyzer reads a pattern list that comes with it; nothing is downloaded.
        blob = float(TextBlob(text).sentiment.polarity)
        afinn = float(self._afinn.score(text))
        return {
            "VADER": (_sign(vader, VADER_CUT), vader),
            "TextBlob": (_sign(blob, 0.0), blob),
            "AFINN": (_sign(afinn, 0.0), afinn),
        }


def _sign(value: float, cut: float) -> str:
    return "positive" if value > cut else "negative" if value < -cut else "neutral"


def _engine_row(name: str, said: Sequence[str], true: Sequence[str], scores: Sequence[float]) -> list[str]:
    classes = by_class(said, true)
    [negative] = [each for each in classes if each.label == "negative"]
    negatives = [label == "negative" for label in true]
    return [
        name,
        shown(*accuracy(said, true)),
        number(macro_f1(classes)),
        shown(negative.right, negative.said),
        shown(negative.right, negative.there),
        number(roc_auc([-score for score in scores], negatives)),
    ]


def _list_rows(judged: Sequence[dict[str, tuple[str, float]]], true: Sequence[str]) -> list[list[str]]:
    return [
        _engine_row(engine, [each[engine][0] for each in judged], true, [each[engine][1] for each in judged])
        for engine in ("VADER", "TextBlob", "AFINN")
    ]


def _counted(said: str) -> str:
    """Return the class as which a judgement on a post counts: where nothing is said, that is no feeling."""
    return said if said in ("positive", "negative") else "neutral"


def sentiment_part(folder: Path) -> Iterator[str]:
    lists = _Lists()
    yield "## Sentiment"
    yield ""
    yield (
        "Every set was left out of the training of the model that judged it. VADER is cut at ±0.05 as its "
        "authors say, "
        "the other two at 0. In the row “Rapport” a text it is not sure of counts by its likeliest class; in "
        "“Rapport, "
        f"when sure” it is left out. The cut ({UNSURE_BELOW} of the likeliest class, never for a text called "
        f"negative) "
        "was fixed before anything was measured. “Rapport, as a post” reads the text as a post or comment, where "
        "one that is doubtful and whose words balance is neutral. The area under the curve tells negative from "
        "the rest."
    )
    for name, test, shares in sentiment.left_out(folder):
        yield from _sentiment_set(name, test, shares, lists)


def _sentiment_set(name: str, test: Sequence[Labelled], shares: Array, lists: _Lists) -> Iterator[str]:
    true = [str(OUTPUTS[text.label]) for text in test]
    best = shares.argmax(axis=1)
    said = [str(OUTPUTS[place]) for place in best]
    sure = (best == NEGATIVE) | (shares.max(axis=1) >= UNSURE_BELOW)
    scores = (shares[:, 2] - shares[:, 0]).tolist()
    kept = np.flatnonzero(sure).tolist()
    sounds = [sentiment.sums_of(text.text) for text in test]
    as_posts = [
        "neutral" if is_plain(float(share), balance_of(*sums)) else label
        for share, sums, label in zip(shares.max(axis=1), sounds, said, strict=True)
    ]
    rows = [
        _engine_row("Rapport", said, true, scores),
        _engine_row("Rapport, as a post", as_posts, true, scores),
        _engine_row(
            "Rapport, when sure",
            [said[number_] for number_ in kept],
            [true[number_] for number_ in kept],
            [scores[number_] for number_ in kept],
        ),
    ]
    rows += _list_rows([lists.judged(text.text) for text in test], true)
    yield from ["", f"### {name} ({len(test)} texts)", ""]
    yield from _table(ENGINE_HEAD, rows)
    error, bins = calibration(shares.max(axis=1), np.array(said) == np.array(true))
    yield from ["", f"Not sure: {shown(int((~sure).sum()), len(test))}. Expected calibration error: {error:.3f}.", ""]
    yield from class_table(by_class(said, true))
    yield ""
    yield from calibration_table(bins)


# --- Sentiment of posts and comments --------------------------------------------------------------------------------
def social_part(folder: Path) -> Iterator[str]:
    texts = read_social(folder)
    twice = [text for text in texts if text.again]
    lists = _Lists()
    yield from [
        "", "## Sentiment of posts and comments", "",
        f"{len(texts)} posts and comments of people and companies, of {len(measured())} sources, chosen by a fixed "
        "seed and labelled by the authors of the programme, by one reader, before any engine had judged them; the rule "
        f"stands in models/social.py. Of {len(twice)} that were read twice, in one sitting, "
        f"{shown(*accuracy([text.again for text in twice], [text.label for text in twice]))} got the same label, which "
        "says that the reader is constant and not that others would agree. Most texts have no feeling, and hardly any "
        "is about health; none is about a practice. The model saw none of them, and neither a weight nor a rule was "
        "changed for them. A text that is not checked or not sure counts as neutral in the row “Rapport”; “Rapport, "
        "when sure” leaves out the latter.",
        "",
        "The parts are of different sources, and the last one was labelled later, to test rules that ask VADER where "
        "the model doubts. One was better on the part it was tuned on and worse on the next, one was better on posts "
        "and found only two of five complaints of patients above, a third gave 425 right in place of these: the rule "
        "stayed as it was.",
    ]  # fmt: skip
    groups = {
        "Tuning part": [text for text in texts if text.part == "tuning"],
        "Test part": [text for text in texts if text.part == "test"],
        "Last part": [text for text in texts if text.part == "last"],
        "All parts": texts,
        "All parts, comments": [text for text in texts if text.kind == "comment"],
        "All parts, posts": [text for text in texts if text.kind == "post"],
    }
    for name, group in groups.items():
        yield from _social_set(name, group, lists)


def _social_set(name: str, test: Sequence[Social], lists: _Lists) -> Iterator[str]:
    true = [text.label for text in test]
    found = [judgements(text.kind, text.text, language_of(text.text)[0]) for text in test]
    said = [_counted(each["sentiment"]) for each in found]
    scores = [each["sentiment_score"] or 0.0 for each in found]
    sure = [number_ for number_, each in enumerate(found) if each["sentiment"] != "unsure"]
    judged = [lists.judged(text.text) for text in test]
    rows = [
        _engine_row("Rapport", said, true, scores),
        _engine_row(
            "Rapport, when sure",
            [said[number_] for number_ in sure],
            [true[number_] for number_ in sure],
            [scores[number_] for number_ in sure],
        ),
        *_list_rows(judged, true),
    ]
    vaders = [each["VADER"][0] == label for each, label in zip(judged, true, strict=True)]
    ours = [one == label for one, label in zip(said, true, strict=True)]
    better, worse = sum(map(gt, ours, vaders)), sum(map(gt, vaders, ours))
    labels = ", ".join(f"{true.count(label)} {label}" for label in OUTPUTS)
    yield from ["", f"### {name} ({len(test)} texts: {labels})", ""]
    yield from _table(ENGINE_HEAD, rows)
    yield from [
        "",
        f"Not sure: {shown(len(test) - len(sure), len(test))}. Not checked: "
        f"{shown(sum(not each['judged'] for each in found), len(test))}. Of the texts that only one of the two judged "
        f"rightly, Rapport had {better} and VADER {worse}; were both as good, a difference as large would be seen with "
        f"a probability of {binomtest(better, better + worse).pvalue:.3f}.",
        "",
    ]
    yield from class_table(by_class(said, true))


# --- Topics -----------------------------------------------------------------------------------------------------------
def topics_part(folder: Path) -> Iterator[str]:
    lessons = topics.lessons(folder)
    by_hand = sorted({lesson.key for lesson in lessons if lesson.by_hand})
    true: list[str] = []
    said: list[frozenset[str]] = []
    chances: list[Array] = []
    for fold in range(FOLDS):
        keys = set(by_hand[fold::FOLDS])
        test = [lesson for lesson in lessons if lesson.by_hand and lesson.key in keys]
        model = topics.fitted(topics.apart([lesson for lesson in lessons if lesson.key not in keys], test))
        given = model.chances([buckets_for(lesson.words) for lesson in test])
        for lesson, row in zip(test, given, strict=True):
            matched = patterns_in(" ".join(lesson.words))
            true.append(lesson.by_hand)
            said.append(
                frozenset(
                    topic for topic, chance in zip(TOPICS, row, strict=True) if topic in matched or chance >= SURE
                )
            )
            chances.append(row)
    held = np.array(chances)
    enough = [topic for topic in TOPICS if true.count(topic) >= FEWEST_LABELS]
    counts = [
        ByClass(
            topic,
            sum(topic in given and label == topic for given, label in zip(said, true, strict=True)),
            sum(topic in given for given in said),
            true.count(topic),
        )
        for topic in enough
    ]
    right, given_, there = (sum(getattr(each, name) for each in counts) for name in ("right", "said", "there"))
    yield from [
        "", "## Topics", "",
        f"Hand-labelled comments of one clause, of three trusts ({len(true)} comments), in {FOLDS} folds; a "
        f"text and its "
        "copies are in one fold. The NHS's labels are mapped to ours by the table in models/topics.py. A "
        "comment has one "
        "label, the main one, so a second topic that is truly there counts as wrong: precision is a lower "
        "bound. The "
        f"{len(enough)} topics with at least {FEWEST_LABELS} labels count.",
        "", f"micro-F1 {2 * right / max(1, given_ + there):.3f}, macro-F1 {macro_f1(counts):.3f}.", "",
    ]  # fmt: skip
    rows = []
    for each in counts:
        column = held[:, TOPICS.index(each.label)]
        wanted = [label == each.label for label in true]
        error, _ = calibration(np.maximum(column, 1 - column), (column >= SURE) == np.array(wanted))
        rows.append(
            [each.label, shown(each.right, each.said), shown(each.right, each.there), f"{each.f1:.3f}",
             number(roc_auc(column, wanted)), f"{error:.3f}"]
        )  # fmt: skip
    yield from _table(["topic", "precision", "recall", "F1", "ROC-AUC of the trained part", "calibration error"], rows)
    found = topics.measured_on_gold()
    yield from [
        "",
        f"On {len(topics.gold())} invented sentences, written to be difficult, with alerts: "
        f"precision {shown(found['right'], found['right'] + found['wrong'])}, "
        f"recall {shown(found['right'], found['right'] + found['missed'])}. Topics are never “not sure”; "
        f"their polarity is.",
    ]


# --- Content ----------------------------------------------------------------------------------------------------------
def content_part(folder: Path) -> Iterator[str]:
    yield from [
        "", "## Content type of posts", "",
        "Posts of companies, each left out in turn. The crowd's Information is anything that informs, Action is "
        "promotion, Dialogue is an answer. Some labels are of two raters against one, so the posts on whose label "
        f"the crowd agreed by {content.CLEAR} or more stand by themselves too. Labels are doubted in training, which "
        "makes a model less sure than it should be; its log-odds are stretched by what suits the other companies.",
    ]  # fmt: skip
    posts = content.read_posts(folder)
    companies, stretch = content.left_out(posts)
    everyone = content.together(list(companies.values()))
    once = everyone.only(content.first_of_copies(posts))
    for name, judged in [
        *companies.items(),
        ("All", everyone),
        ("All with a clear label", everyone.clear()),
        ("All, of near copies the first alone", once),
    ]:
        yield from _content_set(f"{name} ({len(judged.true)} posts)", judged, CONTENT_OUTPUTS[:3])
    (given, true_), person = content.by_copies(posts.companies), content.by_one_person(posts.companies)
    yield from [
        "", f"Of {len(true_)} posts that have near copies, as many are labelled what most of those are: "
        f"{shown(*accuracy(given, true_))}, macro-F1 {macro_f1(by_class(given, true_)):.3f}. A model that reads "
        "the text alone can hardly be expected to do better on them. One more person of the crowd would give the label "
        f"of at least {person['at least']} and at most {person['at most']} of all posts: nearly all were labelled by "
        "three, who did not always agree.",
    ]  # fmt: skip
    everything = [*posts.companies, *posts.news]
    for name, batch in posts.written.items():
        model = content.fitted(content.without(everything, batch)).stretched(stretch)
        true = [content.truth(post, speaks_only=False) for post in batch]
        yield from _content_set(
            f"Posts written for Rapport, {name}, by what was taught before it ({len(batch)} posts)",
            content.Judged(content.said(model, batch), true, model.chances(batch), [1.0] * len(batch)),
            CONTENT_OUTPUTS[1:],
        )
        everything = [*everything, *batch]


def _content_set(title: str, judged: content.Judged, outputs: Sequence[str]) -> Iterator[str]:
    classes = by_class(judged.said, judged.true)
    areas = [
        roc_auc(judged.chances[:, CONTENT_OUTPUTS.index(label)], [true == label for true in judged.true])
        for label in outputs
    ]
    known = [area for area in areas if area is not None]
    error, bins = judged.calibrated()
    yield from [
        "", f"### {title}", "",
        f"Accuracy {shown(*accuracy(judged.said, judged.true))}, macro-F1 {macro_f1(classes):.3f} over "
        f"{len(classes)} "
        f"classes, mean ROC-AUC {number(float(np.mean(known)))}, calibration error of how it speaks "
        f"{error:.3f}.", "",
    ]  # fmt: skip
    yield from class_table(classes)
    if title.startswith("All"):
        yield ""
        yield from calibration_table(bins)


# --- Acts, claims, templates ------------------------------------------------------------------------------------------
# What the patterns gave on the demo town's comments, which another author wrote, before anything was changed for them.
FIRST_ON_THE_TOWN = "27 of 31 acts found; nothing found in the 6 comments that do nothing"
# In NHS patients' comments (pxtextmining), of which the author had read others for the patterns; read by nobody else.
FIRST_ON_PATIENTS = (
    "of 60 comments with thanks found, drawn at random, 57 thank somebody and 3 are a polite no; of 30 with such a "
    "word in which none were found, about 17 thank. Of requests hardly any were at hand: in comments to strangers 3 "
    "were found, and all 3 ask for something"
)


def _acts(text: str) -> set[str]:
    sentences = sentences_of(plain(text)) or [plain(text)]
    return {str(each.act) for each in acts_of(sentences, [mood_of(words_of(sentence)) for sentence in sentences])}


def acts_part() -> Iterator[str]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    labelled = _labels(COMMENTS)
    for true, text in labelled:
        said = _acts(text)
        for act in true | said:
            held = counts[act]
            held[0] += act in true and act in said
            held[1] += act in said
            held[2] += act in true
    classes = [ByClass(act, *counts[act]) for act in sorted(counts)]
    yield from [
        "", "## Acts in comments", "",
        "Acts are found by stated patterns, which have no probability to be calibrated. No labelled comments of real "
        "people were at hand. What counts is the first look at the demo town's comments, which another author wrote: "
        f"{FIRST_ON_THE_TOWN}.", "",
        "Thanks and requests came later and were looked at in what patients wrote to hospitals: "
        f"{FIRST_ON_PATIENTS}.", "",
        f"The table is of {len(labelled)} invented comments by the author of the patterns, labelled before they were "
        f"written and used to correct them since; a regression test, no more. Macro-F1 {macro_f1(classes):.3f}.", "",
    ]  # fmt: skip
    yield from class_table(classes)


def claims_part() -> Iterator[str]:
    labelled = _labels(CLAIMS)
    said = ["claim" if claims_of(sentences_of(plain(text))) else "none" for _, text in labelled]
    classes = by_class(said, ["claim" if labels else "none" for labels, _ in labelled])
    yield from [
        "", "## Clinical claims", "",
        f"{len(labelled)} invented comments, labelled before the patterns met them; by the same author.", "",
    ]  # fmt: skip
    yield from class_table(classes)


# In the invented replies that the table leaves out, before anything was changed for them.
FIRST_ON_OTHERS = "21 of 23 offers found, and nothing that is none"


def offers_part() -> Iterator[str]:
    labelled = _labels(OFFERS)
    said = ["offline" if offers_of(sentences_of(plain(text))) else "public" for _, text in labelled]
    classes = by_class(said, ["offline" if labels else "public" for labels, _ in labelled])
    yield from [
        "", "## Offers to talk in private", "",
        "Found by stated patterns. No labelled replies of real practices were at hand. At the first look "
        "at the 722 other invented replies, which were not labelled beforehand and of which the author of the patterns "
        f"had read a part: {FIRST_ON_OTHERS}.", "",
        f"The table is of {len(labelled)} invented replies with words of contact in them, labelled before the patterns "
        "were written; a regression test, no more.", "",
    ]  # fmt: skip
    yield from class_table(classes)


# The second part of the invented posts, run once before anything was changed for it.
FIRST_ON_POSTS = "25 of 28 sources found and 16 of 16 in steps, and nothing that is none"
# The health posts in models/posts, which were written for another end and by whoever did not know these patterns.
FIRST_ON_OTHER_POSTS = (
    "none of the 80 names a source, and none was found; 6 tell what to do in steps, of which 4 were found, and nothing "
    "that is none"
)
FIRST_ON_NEWS = (
    "of 60 tweets with a source found, drawn at random, 31 name one; 14 of the others speak of a website that is "
    "called like its address. After mending, 34 were found in the 3,012 that are called health information, and 29 "
    "of these name one; of 60 others with a word like “says” or “study”, 4 name one, so that in news more are missed "
    "than found. Hardly any tells what to do: steps were found in 4 of 4,000, rightly in one"
)


def usefulness_part() -> Iterator[str]:
    labelled = [(labels, sentences_of(plain(text.replace("\\n", "\n")))) for labels, text in _labels(USEFULNESS)]
    yield from [
        "", "## Sources and steps in health posts", "",
        "Whether a health post names where it has something from, and whether it tells what to do in steps, is "
        "found by stated patterns. No labelled posts of real practices were at hand. The invented ones have two parts, "
        "both labelled before the patterns were written, and by their author. At the first look at the second part: "
        f"{FIRST_ON_POSTS}. At the invented health posts of the content types, labelled for this: "
        f"{FIRST_ON_OTHER_POSTS}. At real tweets of health news: {FIRST_ON_NEWS}.", "",
        f"The tables are of the {len(labelled)} invented posts, which have corrected the patterns since; a regression "
        "test, no more.",
    ]  # fmt: skip
    for name, told, found in (
        ("source", "names its source", lambda sentences: bool(named_sources(sentences))),
        ("steps", "in steps", in_steps),
    ):
        said = [told if found(sentences) else "none" for _, sentences in labelled]
        yield ""
        yield from class_table(by_class(said, [told if name in labels else "none" for labels, _ in labelled]))


def templates_part() -> Iterator[str]:
    replies = [
        reply.text for batch in disclosure.read_batches().values() for reply in batch if len(reply.text.split()) > 4
    ]
    signed = [
        f"Dear {name}, {text} Best wishes, the team" for name, text in zip(_NAMES * len(replies), replies, strict=False)
    ]
    renamed = [
        f"Dear {name}, {text} Best wishes, the team"
        for name, text in zip(_NAMES[3:] * len(replies), replies, strict=False)
    ]
    same = sum(twin is not None for twin in twins([*signed, *renamed])[: len(signed)])
    apart = sum(twin is not None for twin in twins(replies))
    yield from [
        "", "## Templates among replies", "",
        f"Replies with another name put in, found: {shown(same, len(signed))}. Replies written each for "
        f"itself, called "
        f"alike: {shown(apart, len(replies))}. Both are made from the replies written for Rapport.",
    ]  # fmt: skip


_NAMES = ["Maria", "Tom", "Mrs. Okafor", "Jin", "Lucia", "Mr. Brandt", "Aisha"]


# --- Disclosure -------------------------------------------------------------------------------------------------------
def disclosure_part(folder: Path) -> Iterator[str]:
    domain = disclosure.read_domain(folder.parent / "domain" / "replies.jsonl")
    replies = [*domain, *(reply for batch in disclosure.read_batches().values() for reply in batch)]
    prepared = disclosure.prepare(replies)
    chances = np.zeros(len(replies))
    for fold in range(FOLDS):
        model = disclosure.fitted([reply for place, reply in enumerate(prepared) if place % FOLDS != fold])
        for place in range(fold, len(prepared), FOLDS):
            chances[place] = model.probability(prepared[place])
    flagged = np.array(
        [
            reply.by_rule or (chance > THRESHOLD and not reply.generic)
            for reply, chance in zip(prepared, chances, strict=True)
        ]
    )
    green = np.array(
        [
            reply.generic and not reply.by_rule and chance < GREEN_BELOW
            for reply, chance in zip(prepared, chances, strict=True)
        ]
    )
    bad = np.array([reply.violating for reply in prepared])
    error, bins = calibration(np.maximum(chances, 1 - chances), (chances > THRESHOLD) == bad)
    yield from [
        "", "## Disclosure in replies", "",
        "All replies are invented. What counts is the first look at each batch, before anything was changed "
        "after it:", "",
    ]  # fmt: skip
    yield from _table(
        ["batch", "judged by", "result"],
        [[batch, how, what] for batch, results in disclosure.FIRST_RESULTS.items() for how, what in results.items()],
    )
    yield from [
        "",
        f"Below: {FOLDS} folds over all {len(replies)} replies for the trained part, together with the rules, "
        f"which have "
        "seen all of them.",
        "",
        f"Precision of “pattern”: {shown(int((flagged & bad).sum()), int(flagged.sum()))}. Violating replies "
        f"flagged: "
        f"{shown(int((flagged & bad).sum()), int(bad.sum()))}. Violating replies called generic: "
        f"{shown(int((green & bad).sum()), int(bad.sum()))}. Safe replies flagged: "
        f"{shown(int((flagged & ~bad).sum()), int((~bad).sum()))}; green: "
        f"{shown(int((green & ~bad).sum()), int((~bad).sum()))}. "
        f"“Have a person look”, which is “not sure” here: {shown(int((~flagged & ~green).sum()), len(replies))}. "
        f"ROC-AUC of the trained part: {number(roc_auc(chances, bad))}. Its calibration error: {error:.3f}.",
        "",
    ]
    rows = []
    for code, meaning in CLASSES.items():
        has = np.array([code in reply.codes for reply in replies])
        rows.append([code, meaning, shown(int((flagged & has).sum()), int(has.sum()))])
    yield from _table(["class", "", "replies of this class flagged"], rows)
    yield ""
    yield from calibration_table(bins)


# --- Language ---------------------------------------------------------------------------------------------------------
def language_part(folder: Path) -> Iterator[str]:
    sets: dict[str, list[str]] = defaultdict(list)
    for text in sentiment.everything(folder):
        sets[text.source].append(text.text)
    for lesson in content.by_companies(folder):
        sets[f"posts of {lesson.source}"].append(lesson.text)
    rows = [
        [name, shown(sum(not_checked_because(plain(text), language_of(text)[0]) is None for text in texts), len(texts))]
        for name, texts in sets.items()
    ]
    yield from [
        "", "## Language", "",
        "Share of English texts that are judged at all; the rest are “not checked”: one or two rare words, "
        "or only names. "
        "py3langid is not ours and was not measured on other languages here.", "",
    ]  # fmt: skip
    yield from _table(["set", "judged"], rows)


# --- The page ---------------------------------------------------------------------------------------------------------
def page(folder: Path) -> str:
    """Return the page; the same inputs give the same page."""
    licences = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["source"]
    lines = [
        "# How good the judgements are",
        "",
        "Written by `make evaluate`; do not edit. Shares stand with their 95 % interval (Wilson 1927). Sets "
        "are split by "
        "source before anything is fitted. A text of the training set that is one of the test set over again "
        "is left out "
        "of training: equal but for case and punctuation, or sharing 60 % of its pairs of words once names "
        "and numbers "
        "are masked.",
        "",
        "Not measured, for want of labelled data: sentiment of posts made of emoji alone, any language but English "
        "(for Spanish no "
        "labelled text of patients was at hand; about a thousand comments with sentiment and topics, "
        "labelled by two "
        "people, would be needed), whether a health post can be understood and says what to do (it needs posts "
        "rated by people), and alerts on "
        "real texts.",
        "",
        f"Data: {'; '.join(source['name'] + ' (' + source['licence'] + ')' for source in licences)}.",
        "",
        *sentiment_part(folder),
        *social_part(folder),
        *topics_part(folder),
        *content_part(folder),
        *acts_part(),
        *claims_part(),
        *offers_part(),
        *usefulness_part(),
        *templates_part(),
        *disclosure_part(folder),
        *language_part(folder),
        "",
        f"Inputs: {inputs_hash(folder)}",
    ]
    return "\n".join(lines) + "\n"


def main(say: Any = print) -> int:
    """Print the page and write it. Returns 2 without the data."""
    try:
        folder = data_folder()
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    text = page(folder)
    say(text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
