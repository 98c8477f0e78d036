"""Two things that sites forbid to ask for, as far as a review tells of them: a reward for it, and a name of the staff.

Surprise: neither says who asked. A patient may name a dentist unasked, so one review means nothing, and what is kept of
it is yes or no, never the name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

from pipelines.text.patterns import either
from pipelines.text.sentences import lowered
from pipelines.text.signs import Sign, in_each

REWARD: Final = either(
    r"\b(?:gift|amazon|starbucks|visa|coffee|store|target|walmart) ?cards?\b",
    r"\b(?:gift )?certificates?\b", r"\bvouchers?\b", r"\bcoupons?\b", r"\bdiscount(?:s|ed)?\b", r"\brebates?\b",
    r"\b\d+ ?(?:%|percent) off\b", r"\$ ?\d+ (?:off|cash|credit|card|gift)", r"\b\d+ (?:dollars?|bucks) (?:off|credit|card|gift)\b",
    r"\bmoney off\b", r"\b(?:account )?credit\b", r"\bcash\b", r"\braffles?\b", r"\bprize(?:s| draw(?:ing)?)?\b",
    r"\bgive-?aways?\b", r"\bsweepstakes?\b", r"\b(?:entry|entered|enter us|enter me|enter you) (?:in|for)(?:to)? (?:a|the|their|to win)\b",
    r"\brewards?(?: points?)?\b", r"\bfreebies?\b", r"\b(?:a|my|some|your) (?:little |small )?gifts?\b",
    r"\bfree (?:teeth |tooth |dental )?(?:whitening|cleaning|exam|check-?up|consultation|t-?shirt|toothbrush|water bottle|coffee|lunch|treatment|session|trays?|goodies|stuff|gift)\b",
)  # fmt: skip
_REVIEW: Final = (
    r"(?:(?:google|yelp|facebook|online|nice|good|great|positive|honest|glowing|5-? ?star|five-? ?star|quick|short|written|this|the|a|my|your|our) ){0,4}?"
    r"(?:reviews?|ratings?|testimonials?|(?:five|5) stars?)\b"
)
_WRITING: Final = r"(?:(?:leav|writ|post|giv|do|mak|submitt|complet)ing|leave|write|post|give|do|submit|complete|left|wrote|posted|gave|rate|review)"
# The words between stand close, so that a price and a review of one sentence are not taken for a deal.
_NEAR: Final = r"(?:[ \w'$%-]{0,25} )?"
_DEAL: Final = re.compile(
    either(
        # the reward first: "a gift card for leaving a review", "10% off if you review them"
        rf"{REWARD} {_NEAR}(?:for|in (?:return|exchange) for|if) {_NEAR}(?:{_WRITING} {_NEAR})?{_REVIEW}",
        rf"{REWARD} {_NEAR}(?:when|once|after|by|to) {_NEAR}{_WRITING} {_NEAR}{_REVIEW}",
        rf"{REWARD} (?:for|if|when|once|after|by|in (?:return|exchange) for) (?:\w+ )?(?:reviewing|review|rating|rate) (?:them|us|it|him|her|the (?:office|practice|place|clinic))\b",
        # the review first: "leave a review and get a free whitening", "my review got me a discount"
        rf"\b{_WRITING} {_NEAR}{_REVIEW} {_NEAR}(?:and|to|for|so|you|they|we|i)? ?(?:you |i |we |they )?(?:will |'ll |can |could |would )?(?:get|got|gets|receive[ds]?|win|won|earn(?:ed)?|gave|give|gives|be entered|are entered|was entered|were entered|enter(?:ed)?|in (?:exchange|return) for|for) {_NEAR}{REWARD}",
        rf"\b{_REVIEW} (?:in (?:exchange|return) for|got (?:me|us|you)|earned (?:me|us)) {_NEAR}{REWARD}",
        # what was paid, without a word for what
        rf"\b(?:paid|bribed?|brib(?:es|ing)|compensated|incentivi[sz]ed?|rewarded|pays?|paying) (?:me |us |you |people |patients |their patients |everyone )?(?:to|for) {_NEAR}(?:{_WRITING} {_NEAR})?{_REVIEW}",
        r"\b(?:buy(?:s|ing)?|bought) (?:\w+ ){0,3}?(?:good |positive |fake |5-? ?star |five-? ?star |their )+(?:google |online )?(?:reviews|ratings)\b",
    )
)  # fmt: skip
# What is said not to have been offered, and what nobody would do, is no sign.
_DENIED: Final = re.compile(
    r"\b(?:not|never|no|none|nobody|neither|without|isn't|wasn't|weren't|didn't|don't|doesn't|aren't|haven't|hasn't|"
    r"won't|wouldn't)\b"
)
_WISHED: Final = re.compile(r"\b(?:i'd|would|could|should) (?:\w+ )?$")
_TITLE: Final = frozenset(
    {"dr", "drs", "doctor", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "sir", "dds", "dmd", "md", "do", "rn"}
    | {"rdh", "np", "pa", "fnp", "phd", "jr", "sr", "ii", "iii", "nurse", "the", "and"}
)
_NAME_PART: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


def rewards_of(sentences: Sequence[str]) -> list[Sign]:
    """Return the sentences of an English review that tell of something given for a review."""
    return in_each(sentences, _reward)


def _reward(sentence: str, number: int) -> Sign | None:
    low = lowered(sentence)
    deal = _DEAL.search(low)
    if not deal or _DENIED.search(low[: deal.end()]) or _WISHED.search(low[: deal.start()]):
        return None
    return Sign(number, *deal.span(), "incentive", "tells of something given for a review")


def names_of(sentences: Sequence[str], staff: Collection[str], practice: Collection[str] = ()) -> list[Sign]:
    """Return the sentences that hold a name of the roster's `staff`; names of the `practice` itself are none.

    A part of a name counts if it begins with a capital or follows "Dr"; whether it has accents makes no difference.
    """
    pattern = _names(frozenset(staff))
    if pattern is None:
        return []
    own = _own(frozenset(practice))

    def look(sentence: str, number: int) -> Sign | None:
        bare = _without_accents(sentence)
        if own is not None:
            # As long as before, so that a place in it is a place in the sentence.
            bare = own.sub(lambda match: "_" * len(match.group()), bare)
        named = next((name for name in pattern.finditer(bare) if name["name"][0].isupper() or name["title"]), None)
        return Sign(number, *named.span("name"), "staff_named", "names somebody of the staff") if named else None

    return in_each(sentences, look)


@lru_cache(maxsize=256)
def _names(staff: frozenset[str]) -> re.Pattern[str] | None:
    parts = {part.casefold() for name in staff for part in _NAME_PART.findall(_without_accents(name))}
    known = sorted(part for part in parts - _TITLE if len(part) > 1)
    if not known:
        return None
    return re.compile(rf"\b(?P<title>(?:dr\.?|doctor) )?(?P<name>{'|'.join(map(re.escape, known))})\b", re.IGNORECASE)


@lru_cache(maxsize=256)
def _own(practice: frozenset[str]) -> re.Pattern[str] | None:
    known = sorted(filter(None, map(_without_accents, practice)), key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None


def _without_accents(text: str) -> str:
    """Return the text with plain letters for accented ones, of the same length."""
    if text.isascii():
        return text
    return "".join(unicodedata.normalize("NFKD", letter)[0] for letter in text)
