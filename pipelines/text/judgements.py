"""All judgements on one text, by its kind: what `rapport score --jsonl` prints, and `--explain` with its evidence.

Surprise: a text whose language has no measured test set is `not_checked`, with the reason; it is never judged by a
model of another language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from pipelines.text.acts import acts_by_shape, acts_of, question_of
from pipelines.text.attribution import named_sources
from pipelines.text.claims import claims_of
from pipelines.text.content import content_of
from pipelines.text.content import evidence as content_evidence
from pipelines.text.disclosure import judge
from pipelines.text.disclosure.verdicts import CLASSES, VERDICT_WORDS, Roster
from pipelines.text.invitations import invitation_acts, invitations_of
from pipelines.text.language import MEASURED, MODEL_ID, is_english
from pipelines.text.linear import model_id
from pipelines.text.offline import offers_of
from pipelines.text.recommendation_requests import request_of
from pipelines.text.sentences import plain, sentences_of, words_of
from pipelines.text.sentiment import NOTHING, Mood, as_post, evidence, is_plain, mood_of
from pipelines.text.signs import Sign
from pipelines.text.solicited import names_of, rewards_of
from pipelines.text.topics import alerts_of, reported, topics_of
from pipelines.text.usefulness import usefulness_of

MODELS: Final = ("content", "disclosure", "sentiment", "topics")
# What a line of `rapport score --jsonl` holds where a judgement is not made of its kind.
NOT_MADE: Final[dict[str, Any]] = {
    "topics": [],
    "alerts": [],
    "content_type": None,
    "acts": [],
    "usefulness": None,
    "disclosure": {"verdict": "not_checked", "classes": [], "severity": None, "reason": "only replies are checked"},
    "generic": None,
}


class Surroundings(msgspec.Struct, frozen=True):
    """What is known beside a text.

    For a review the names of the practice and its staff; for a reply the review it answers, the name shown with it, the
    practice's roster, and whether other replies of the practice are alike; for a comment the post it stands under,
    whether it is a copy of an earlier one, and whether its tags name anybody but the practice; for a post whether the
    practice itself wrote it; for a comment or a stranger's post the community it stands in, if its terms let it be
    classified.
    """

    review_text: str = ""
    reviewer: str = ""
    practice_names: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    post_text: str = ""
    place: str = ""
    copy: bool = False
    names_friend: bool = True
    generic: bool | None = None
    by_practice: bool = True

    def roster(self) -> Roster:
        return Roster(
            staff=frozenset(self.staff),
            names=frozenset(self.practice_names),
            phones=frozenset(self.phones),
            domains=frozenset(self.domains),
        )


def model_ids() -> dict[str, str]:
    """Return the name and version of every model that judges, by what it judges."""
    return {"language": MODEL_ID, **{name: model_id(name) for name in MODELS}}


def not_checked_because(text: str, language: str | None) -> str | None:
    """Return why a text (`plain`) is not judged, or None if it is."""
    if not any(map(str.isalpha, text)):
        return "there are no words"
    if not is_english(text, language):
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
    bare = plain(text)
    why_not = not_checked_because(bare, language)
    sentences = [] if why_not else sentences_of(bare)
    found: dict[str, Any] = {"judged": why_not is None, "not_judged_because": why_not}
    words = [words_of(sentence) for sentence in sentences]
    moods = [mood_of(sentence) for sentence in words]
    found |= _sentiment(words, moods, why_not, stars, posted=kind in ("post", "comment"))
    if kind in ("review", "comment"):
        shown = reported()
        found["topics"] = [
            {
                "topic": each.topic,
                "polarity": each.polarity,
                "sentence": each.sentence,
                "reason": each.reason,
                "reported": each.topic in shown,
            }
            for each in topics_of(sentences, list(zip(words, moods, strict=True)))
        ]
        found["alerts"] = [{"alert": alert, "sentence": number} for alert, number in alerts_of(sentences)]
    if kind == "review":
        found["acts"] = [] if why_not else _solicited(sentences, around)
    if kind == "comment":
        found["acts"] = _acts(text, why_not, _acts_found(sentences, moods, why_not, around), around)
    if kind in ("comment", "post"):
        found["clinical_claim"] = None if why_not else bool(claims_of(sentences))
    if kind == "post":
        found |= _post(text, sentences, why_not)
        # How somebody else asks for reviews is nothing of the practice; what stands in a community is somebody else's.
        asked = around.by_practice and not around.place and not why_not
        found["acts"] = _acts_of_own_post(sentences, found["usefulness"]) if asked else []
    if kind in ("comment", "post") and around.place and not why_not:
        # Neither stands where nobody asked: what was scored before there was this rule, for one.
        asks = "asks_recommendation" if request_of(sentences) else "asks_no_recommendation"
        found["acts"] = sorted([*found["acts"], asks])
    if kind == "reply":
        found["disclosure"] = _disclosure(text, why_not, around)
        # Neither of both answers stands where nobody asked: a reply that was judged before there was the rule, for one.
        found["acts"] = [] if why_not else _acts_of_reply(sentences)
        found["generic"] = around.generic
    found["model"] = model_ids()
    return found


def _sentiment(
    words: Sequence[Sequence[str]], moods: Sequence[Mood], why_not: str | None, stars: float | None, *, posted: bool
) -> dict[str, Any]:
    if why_not:
        mood = NOTHING
    else:
        mood = moods[0] if len(moods) == 1 else mood_of([word for sentence in words for word in sentence])
    if posted:
        mood, moods = as_post(mood), [as_post(each) for each in moods]
    reason = why_not or (
        f"the likeliest class has probability {mood.sure:.2f}"
        + (", too little to decide" if mood.sentiment == "unsure" else "")
        + (", and the words have no feeling of their own" if posted and is_plain(mood.sure, mood.feeling) else "")
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


def _acts_found(
    sentences: Sequence[str], moods: Sequence[Mood], why_not: str | None, around: Surroundings
) -> list[Sign]:
    return [] if why_not else acts_of(sentences, moods, around.post_text, names_friend=around.names_friend)


def _acts(text: str, why_not: str | None, found: Sequence[Sign], around: Surroundings) -> list[str]:
    """Return the acts in alphabetical order; a copy has no substance of its own."""
    acts: Sequence[str]
    if why_not:
        acts = acts_by_shape(plain(text), around.post_text, names_friend=around.names_friend)
    else:
        acts = [each.act for each in found]
    return sorted(act for act in acts if not (around.copy and act == "substantive"))


def _solicited(sentences: Sequence[str], around: Surroundings) -> list[str]:
    """Return what a review tells of having been asked for, or that it does not: neither stands where nobody asked."""
    acts = ["incentive" if rewards_of(sentences) else "no_incentive"]
    if around.staff:
        named = names_of(sentences, around.staff, around.practice_names)
        acts.append("staff_named" if named else "staff_not_named")
    return acts


def _acts_of_own_post(sentences: Sequence[str], usefulness: dict[str, Any] | None) -> list[str]:
    """Return how a post asks for reviews, whether it asks its readers anything, and what the screen says of its use."""
    acts = [*invitation_acts(invitations_of(sentences)), "question" if question_of(sentences) else "no_question"]
    if usefulness:
        acts.append("understandable" if usefulness["understandable"] else "hard_to_understand")
        acts.append("names_its_source" if usefulness["names_its_source"] else "names_no_source")
        # Whether it is told in steps can be asked only where there is something to do.
        if usefulness["says_what_to_do"]:
            acts += ["says_what_to_do", "in_steps" if usefulness["in_steps"] else "not_in_steps"]
    return acts


def _acts_of_reply(sentences: Sequence[str]) -> list[str]:
    """Return whether a reply offers to go on out of public, and how it asks for reviews."""
    return ["offline" if offers_of(sentences) else "public", *invitation_acts(invitations_of(sentences))]


def _post(text: str, sentences: Sequence[str], why_not: str | None) -> dict[str, Any]:
    if why_not:
        return {"content_type": None, "content_reason": why_not, "usefulness": None, "reading_grade": None}
    kind = content_of(plain(text))
    made: dict[str, Any] = {"content_type": kind.content_type, "content_reason": kind.reason}
    if kind.content_type != "health_information":
        return made | {"usefulness": None, "reading_grade": None}
    use = usefulness_of(sentences)
    sourced = bool(named_sources(sentences))
    screen = {
        "screen": "a machine's screen, not a rating by people",
        "reading_grade": use.reading_grade,
        "understandable": use.understandable,
        "says_what_to_do": use.says_what_to_do,
        "in_steps": use.in_steps if use.says_what_to_do else None,
        "names_its_source": sourced,
        "reasons": [*use.reasons, *([] if sourced else ["no source and no clinician is named"])],
    }
    return made | {"usefulness": screen, "reading_grade": use.reading_grade}


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
    words = [words_of(sentence) for sentence in sentences]
    moods = [mood_of(each) for each in words]
    pulls = ", ".join(
        f"{word} {pull:+.2f}" for word, pull in evidence([word for sentence in words for word in sentence])
    )
    lines = [f"sentiment: {found['sentiment']} ({found['sentiment_score']:+.2f}); strongest words: {pulls}"]
    signs = _signs_of(kind, sentences, moods, around)
    signs += named_sources(sentences) if found.get("usefulness") else []
    disclosed = judge(text, review=around.review_text, reviewer=around.reviewer, roster=around.roster())
    if kind == "reply":
        lines.append(f"reply: {VERDICT_WORDS[disclosed.verdict]}; {disclosed.reason}")
    if kind == "post":
        lines += _post_explained(text, found)
    lines += [f"{sign.act}: {sign.reason}{_quoted(' '.join(sentences), sign)}" for sign in signs if sign.sentence == 0]
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
        lines += [f"   {sign.act}: {sign.reason}{_quoted(sentence, sign)}" for sign in signs if sign.sentence == number]
        lines += [
            f"   {each.code}, {each.severity}: {each.reason}: “{sentence[each.start : each.end]}”"
            for each in disclosed.findings
            if kind == "reply" and each.sentence == number
        ]
    return lines


def _signs_of(kind: str, sentences: Sequence[str], moods: Sequence[Mood], around: Surroundings) -> list[Sign]:
    """Return all that the patterns find in a text of a kind."""
    if kind == "review":
        return [*rewards_of(sentences), *names_of(sentences, around.staff, around.practice_names)]
    if kind == "reply":
        return [*invitations_of(sentences), *offers_of(sentences)]
    if kind == "comment":
        found = _acts_found(sentences, moods, None, around)
    else:
        own = around.by_practice
        asked = question_of(sentences) if own else None
        found = [*(invitations_of(sentences) if own else ()), *([asked] if asked else ())]
    request = request_of(sentences)
    return [*([request] if request else ()), *found, *claims_of(sentences)]


def _quoted(text: str, sign: Sign) -> str:
    return f": “{text[sign.start : sign.end]}”" if sign.end > sign.start else ""


def _post_explained(text: str, found: dict[str, Any]) -> list[str]:
    kind = content_of(plain(text))
    if kind.end:
        why = f"“{plain(text)[kind.start : kind.end]}”"
    else:
        pulls = ", ".join(f"{word} {pull:+.2f}" for word, pull in content_evidence(plain(text), kind.content_type))
        why = f"strongest words: {pulls}"
    lines = [f"content: {kind.content_type}; {kind.reason}; {why}"]
    use = found["usefulness"]
    if use:
        yes_no = {True: "yes", False: "no"}
        grade = "too short for a grade" if use["reading_grade"] is None else f"reading grade {use['reading_grade']}"
        lines.append(
            f"usefulness, a screen: {grade}; understandable: {yes_no[use['understandable']]}; says what to do: "
            f"{yes_no[use['says_what_to_do']]}"
            + (f"; in steps: {yes_no[use['in_steps']]}" if use["says_what_to_do"] else "")
            + f"; names its source: {yes_no[use['names_its_source']]}"
            + "".join(f"; {reason}" for reason in use["reasons"])
        )
    return lines
