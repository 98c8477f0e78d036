"""All judgements on one text, by its kind: what `rapport score --jsonl` prints, and `--explain` with its evidence.

Surprise: a text whose language has no measured test set is `not_checked`, with the reason; it is never judged by a
model of another language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from pipelines.text.disclosure import CLASSES, VERDICT_WORDS, Roster, judge
from pipelines.text.language import MEASURED, is_english
from pipelines.text.linear import model_id
from pipelines.text.sentences import plain, sentences_of, words_of
from pipelines.text.sentiment import NOTHING, Mood, evidence, mood_of
from pipelines.text.topics import alerts_of, reported, topics_of

MODELS: Final = ("disclosure", "sentiment", "topics")


class Surroundings(msgspec.Struct, frozen=True):
    """What is known beside a text: the review a reply answers, the name shown with it, and the practice's roster."""

    review_text: str = ""
    reviewer: str = ""
    practice_names: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    def roster(self) -> Roster:
        return Roster(
            staff=frozenset(self.staff),
            names=frozenset(self.practice_names),
            phones=frozenset(self.phones),
            domains=frozenset(self.domains),
        )


def not_checked_because(text: str, language: str | None) -> str | None:
    """Return why a text is not judged, or None if it is."""
    if not any(character.isalpha() for character in plain(text)):
        return "there are no words"
    if not is_english(plain(text), language):
        if language is None:
            return "the language is not certain"
        return f"no test set was measured for this language ({language}), only for {', '.join(sorted(MEASURED))}"
    return None


def judgements(
    kind: str, text: str, language: str | None, around: Surroundings | None = None, stars: float | None = None
) -> dict[str, Any]:
    """Return the judgements on a review, comment, post or reply, each with its reason; no words of the text.

    `stars` changes no judgement. Where they contradict the words, that is kept as a fact of its own.
    """
    around = around or Surroundings()
    why_not = not_checked_because(text, language)
    sentences = [] if why_not else sentences_of(plain(text))
    found: dict[str, Any] = {"judged": why_not is None, "not_judged_because": why_not}
    words = [words_of(sentence) for sentence in sentences]
    moods = [mood_of(sentence) for sentence in words]
    found |= _sentiment(words, moods, why_not, stars)
    if kind in ("review", "comment"):
        found["topics"] = [
            {
                "topic": each.topic,
                "polarity": each.polarity,
                "sentence": each.sentence,
                "reason": each.reason,
                "reported": each.topic in reported(),
            }
            for each in topics_of(sentences, moods)
        ]
        found["alerts"] = [{"alert": alert, "sentence": number} for alert, number in alerts_of(sentences)]
    if kind == "reply":
        found["disclosure"] = _disclosure(text, why_not, around)
    found["model"] = {name: model_id(name) for name in MODELS}
    return found


def _sentiment(
    words: Sequence[Sequence[str]], moods: Sequence[Mood], why_not: str | None, stars: float | None
) -> dict[str, Any]:
    if why_not:
        mood = NOTHING
    else:
        mood = moods[0] if len(moods) == 1 else mood_of([word for sentence in words for word in sentence])
    reason = why_not or (
        f"the likeliest class has probability {mood.sure:.2f}"
        + (", too little to decide" if mood.sentiment == "unsure" else "")
    )
    contradicts = stars is not None and (
        (stars >= 4 and mood.sentiment == "negative") or (stars <= 2 and mood.sentiment == "positive")
    )
    return {
        "sentiment": mood.sentiment,
        "sentiment_score": None if mood.sentiment == "not_checked" else mood.score,
        "sentiment_reason": reason,
        "sentence_sentiments": [each.sentiment for each in moods],
        "contradicts_stars": contradicts if stars is not None and mood.sentiment != "not_checked" else None,
    }


def _disclosure(text: str, why_not: str | None, around: Surroundings) -> dict[str, Any]:
    if why_not:
        return {"verdict": "not_checked", "says": VERDICT_WORDS["not_checked"], "classes": [], "severity": None,
                "reason": why_not, "findings": []}  # fmt: skip
    found = judge(text, review=around.review_text, reviewer=around.reviewer, roster=around.roster())
    return {
        "verdict": found.verdict,
        "says": VERDICT_WORDS[found.verdict],
        "classes": [code for code in found.classes if code in CLASSES],
        "severity": found.severity,
        "reason": found.reason,
        "findings": [
            {"sentence": each.sentence, "class": each.code, "severity": each.severity, "reason": each.reason}
            for each in found.findings
        ],
    }


def explained(kind: str, text: str, language: str | None, around: Surroundings | None = None) -> list[str]:
    """Return the judgements as lines that quote the text: for the eyes of the person who gave it, never to be kept."""
    around = around or Surroundings()
    found = judgements(kind, text, language, around)
    if not found["judged"]:
        return [f"not checked: {found['not_judged_because']}"]
    sentences = sentences_of(plain(text))
    words = [word for sentence in sentences for word in words_of(sentence)]
    pulls = ", ".join(f"{word} {pull:+.2f}" for word, pull in evidence(words))
    lines = [f"sentiment: {found['sentiment']} ({found['sentiment_score']:+.2f}); strongest words: {pulls}"]
    disclosed = judge(text, review=around.review_text, reviewer=around.reviewer, roster=around.roster())
    if kind == "reply":
        lines.append(f"reply: {VERDICT_WORDS[disclosed.verdict]}; {disclosed.reason}")
    for number, sentence in enumerate(sentences, 1):
        lines.append(f"{number}. {sentence}")
        lines += [
            f"   {topic['topic']}, {topic['polarity']}: {topic['reason']}"
            for topic in found.get("topics", ())
            if topic["sentence"] == number
        ]
        lines += [
            f"   {alert['alert']}: a person should look"
            for alert in found.get("alerts", ())
            if alert["sentence"] == number
        ]
        lines += [
            f"   {each.code}, {each.severity}: {each.reason}: “{sentence[each.start : each.end]}”"
            for each in disclosed.findings
            if kind == "reply" and each.sentence == number
        ]
    return lines
